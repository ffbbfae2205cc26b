/** Creates an element. Names that are not properties of it become attributes. Strings among the children become text, never markup. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value
    else made.setAttribute(name, value)
  }
  made.append(...children)
  return made
}

const svg = 'http://www.w3.org/2000/svg'

/** An icon of icons.svg. It is hidden from screen readers, which read the text beside it. */
export function icon(name) {
  const picture = document.createElementNS(svg, 'svg')
  picture.setAttribute('class', 'icon')
  picture.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS(svg, 'use')
  use.setAttribute('href', `icons.svg#${name}`)
  picture.append(use)
  return picture
}

export const byId = (id) => document.getElementById(id)
