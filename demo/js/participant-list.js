import { byId, element, icon } from './element.js'
import { hueOf, initialsOf } from './tiles.js'

/** The participants of the room, each with a button to write to them alone. */
export class ParticipantList {
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
        avatarOf(name),
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

export function avatarOf(name) {
  const avatar = element('span', { className: 'small face', 'aria-hidden': 'true' }, initialsOf(name))
  avatar.style.setProperty('--hue', hueOf(name))
  return avatar
}
