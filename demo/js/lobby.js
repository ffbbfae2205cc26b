import { byId, element, icon } from './element.js'
import { complain, forgive, submit } from './fields.js'
import { nodeName, nodeOptions } from './nodes.js'
import { notice } from './notices.js'
import { Rooms } from './sdk.js'
import { hueOf } from './tiles.js'
import { tokenFor } from './token.js'
import { complaintAboutName, count } from './words.js'

/** The name of a person, the rooms that are open, and the way into one. */
export class Lobby {
  #enter
  #rooms
  #patience
  #nickname = byId('nickname')
  #room = byId('room-name')
  #withMedia = byId('with-media')

  /** @param enter called with `{ nickname, name, withMedia }`; rejects when that does not work */
  constructor({ enter }) {
    this.#enter = enter
    this.#nickname.value = localStorage.getItem('nickname') ?? ''
    this.#withMedia.checked = localStorage.getItem('with-media') !== 'no'
    this.#room.value = new URLSearchParams(location.search).get('room') ?? ''
    byId('enter-form').addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit(this.#room.value)
    })
    forgive(this.#nickname, this.#room)
  }

  /** Shows it, and follows the rooms. */
  open() {
    byId('lobby').hidden = false
    const rooms = new Rooms({ ...nodeOptions(), token: () => tokenFor('lobby', 'lobby') })
    this.#rooms = rooms
    this.#tell('connecting', 'Connecting…')
    this.#beImpatient()
    rooms.on('open', () => {
      clearTimeout(this.#patience)
      this.#tell('connected', `Node ${nodeName(rooms.berth)}`)
      rooms.list().then(
        (open) => rooms === this.#rooms && this.#list(open),
        () => {}, // lost again: the next connection asks anew
      )
    })
    rooms.on('lost', () => {
      this.#tell('connecting', 'Reconnecting…')
      this.#beImpatient()
    })
    rooms.on('room_change', (_names, open) => this.#list(open))
    rooms.on('announcement', (text) => notice(text, { kind: 'announcement' }))
    rooms.open()
    ;(this.#nickname.value === '' ? this.#nickname : this.#room).focus()
  }

  close() {
    clearTimeout(this.#patience)
    this.#rooms?.close()
    this.#rooms = undefined
    byId('lobby').hidden = true
  }

  #beImpatient() {
    clearTimeout(this.#patience)
    this.#patience = setTimeout(() => {
      this.#tell('lost', navigator.onLine ? 'No server answers. Trying again…' : 'You are offline')
    }, 4000)
  }

  #tell(state, text) {
    const status = byId('lobby-status')
    status.dataset.state = state
    status.textContent = text
  }

  #list(open) {
    byId('open-count').textContent = open.length === 0 ? '' : open.length
    byId('no-rooms').hidden = open.length > 0
    const focused = document.activeElement?.dataset?.room
    const shown = open.map(({ name, size }) => {
      const button = element(
        'button',
        { type: 'button', 'data-room': name, 'aria-label': `Enter ${name}, ${count(size, 'person', 'people')} inside` },
        element('span', { className: 'room-mark', 'aria-hidden': 'true' }, [...name.trim()][0]?.toUpperCase() ?? ''),
        element('span', { className: 'room-name' }, name),
        element('span', { className: 'room-size' }, count(size, 'person', 'people')),
        icon('arrow'),
      )
      button.style.setProperty('--hue', hueOf(name))
      button.addEventListener('click', () => this.#submit(name))
      return element('li', {}, button)
    })
    byId('open-rooms').replaceChildren(...shown)
    if (focused !== undefined)
      shown
        .map(({ firstChild }) => firstChild)
        .find(({ dataset }) => dataset.room === focused)
        ?.focus()
  }

  async #submit(asked) {
    const nickname = this.#nickname.value.trim()
    const name = asked.trim()
    if (asked !== this.#room.value) this.#room.value = name
    const wrong = [
      complain(this.#nickname, complaintAboutName(nickname, 'Your name', 64)),
      complain(this.#room, complaintAboutName(name, 'The room’s name', 256)),
    ].find(Boolean)
    if (wrong) return wrong.focus()
    localStorage.setItem('nickname', nickname)
    localStorage.setItem('with-media', this.#withMedia.checked ? 'yes' : 'no')
    const wanted = { nickname, name, withMedia: this.#withMedia.checked }
    await submit(byId('enter'), byId('enter-problem'), 'Entering…', () => this.#enter(wanted))
  }
}
