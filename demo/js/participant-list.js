import { byId, element, icon } from './element.js'
import { hueOf, initialsOf } from './tiles.js'

/** Everyone in the room, each with a way to write to them alone. */
export class People {
  #rooms
  #writeTo

  /** @param writeTo called with a participant's id */
  constructor(rooms, writeTo) {
    this.#rooms = rooms
    this.#writeTo = writeTo
  }

  show() {
    const { members, id: own } = this.#rooms
    const shown = [...members].map(([id, name]) => {
      const item = element(
        'li',
        {},
        face(name),
        element('span', { className: 'person' }, id === own ? `${name} (you)` : name),
      )
      if (id !== own) item.append(this.#button(id, name))
      return item
    })
    byId('people').replaceChildren(...shown)
  }

  #button(id, name) {
    const button = element(
      'button',
      { type: 'button', className: 'quiet', 'aria-label': `Write to ${name} alone` },
      icon('private'),
    )
    button.addEventListener('click', () => this.#writeTo(id))
    return button
  }
}

export function face(name) {
  const made = element('span', { className: 'small face', 'aria-hidden': 'true' }, initialsOf(name))
  made.style.setProperty('--hue', hueOf(name))
  return made
}
