import { byId, element, icon } from './element.js'
import { count } from './messages.js'
import { hueOf } from './tiles.js'

/** The list of open rooms. A room that stays open keeps its element, and with it the focus. */
export class OpenRooms {
  #list = byId('open-rooms')
  #items = new Map()
  #enter

  /** @param enter called with a room's name */
  constructor(enter) {
    this.#enter = enter
  }

  /** @param open `{ name, size }[]` */
  show(open) {
    byId('open-count').textContent = open.length === 0 ? '' : open.length
    setText(byId('open-status'), `${count(open.length, 'room is', 'rooms are')} open`)
    byId('no-rooms').hidden = open.length > 0
    const focused = document.activeElement
    const names = new Set(open.map(({ name }) => name))
    for (const [name, { item }] of this.#items) {
      if (names.has(name)) continue
      item.remove()
      this.#items.delete(name)
    }
    open.forEach(({ name, size }, index) => {
      const { item, resize } = this.#items.get(name) ?? this.#make(name)
      resize(count(size, 'person', 'people'))
      if (this.#list.children[index] !== item) this.#list.insertBefore(item, this.#list.children[index] ?? null)
    })
    if (this.#list.contains(focused)) focused.focus()
  }

  #make(name) {
    const size = element('span', { className: 'room-size' })
    const button = element(
      'button',
      { type: 'button' },
      element('span', { className: 'room-mark', 'aria-hidden': 'true' }, [...name.trim()][0]?.toUpperCase() ?? ''),
      element('span', { className: 'room-name' }, name),
      size,
      icon('arrow'),
    )
    button.style.setProperty('--hue', hueOf(name))
    button.addEventListener('click', () => this.#enter(name))
    const row = {
      item: element('li', {}, button),
      resize(people) {
        size.textContent = people
        button.setAttribute('aria-label', `Enter ${name}, ${people} inside`)
      },
    }
    this.#items.set(name, row)
    return row
  }
}

/** Screen readers read a status again whenever it is set, so set it only if it changes. */
function setText(status, text) {
  if (status.textContent !== text) status.textContent = text
}
