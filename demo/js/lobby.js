import { byId } from './element.js'
import { complain, forgive, submit } from './form-errors.js'
import { complaintAboutName, complaintOf } from './messages.js'
import { nodeName, nodeOptions } from './nodes.js'
import { notice } from './notices.js'
import { OpenRooms } from './open-rooms.js'
import { relayAsked } from './relay.js'
import { Rooms } from './sdk.js'
import { forBrowser } from './storage.js'
import { tokenFor } from './token.js'

/** The name of a person, the rooms that are open, and the way into one. */
export class Lobby {
  #enter
  #rooms
  #patience
  #nickname = byId('nickname')
  #room = byId('room-name')
  #withMedia = byId('with-media')
  #relayOnly = byId('relay-only')
  #open = new OpenRooms((name) => this.#submit(name))

  /** @param enter called with `{ nickname, name, devices, relayOnly }`; rejects when that does not work */
  constructor({ enter }) {
    this.#enter = enter
    this.#nickname.value = forBrowser.get('nickname') ?? ''
    this.#withMedia.checked = forBrowser.get('with-media') !== 'no'
    this.#relayOnly.checked = relayAsked() || forBrowser.get('relay-only') === 'yes'
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
      this.#tell('connected', `Node ${nodeName(rooms.connection)}`)
      rooms.list().then(
        (open) => rooms === this.#rooms && this.#open.show(open),
        () => {}, // lost again: the next connection asks anew
      )
    })
    rooms.on('lost', () => {
      this.#tell('connecting', 'Reconnecting…')
      this.#beImpatient()
    })
    rooms.on('retrying', (reason) => {
      const complaint = complaintOf(reason)
      if (complaint) this.#tell('lost', complaint)
    })
    rooms.on('room_change', (_names, open) => this.#open.show(open))
    rooms.on('announcement', (text) => notice(text, { kind: 'announcement' }))
    rooms.open()
    ;(this.#nickname.value === '' ? this.#nickname : this.#room).focus()
  }

  /** @param wanted as `enter` is called; what goes wrong is said here */
  async enter(wanted) {
    this.#nickname.value = wanted.nickname
    this.#room.value = wanted.name
    await submit(byId('enter'), byId('enter-problem'), 'Entering…', () => this.#enter(wanted))
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
      this.#tell(
        'lost',
        `No server answers${navigator.onLine ? '' : ', and your device says that it is offline'}. Trying again…`,
      )
    }, 4000)
  }

  #tell(state, text) {
    const status = byId('lobby-status')
    status.dataset.state = state
    status.textContent = text
  }

  async #submit(asked) {
    const nickname = this.#nickname.value.trim()
    const name = asked.trim()
    this.#room.value = asked
    const wrong = [
      complain(this.#nickname, complaintAboutName(nickname, 'Your name', 64)),
      complain(this.#room, complaintAboutName(name, 'The room’s name', 256)),
    ].find(Boolean)
    if (wrong) return wrong.focus()
    forBrowser.set('nickname', nickname)
    forBrowser.set('with-media', this.#withMedia.checked ? 'yes' : 'no')
    forBrowser.set('relay-only', this.#relayOnly.checked ? 'yes' : 'no')
    const devices = this.#withMedia.checked ? ['audio', 'video'] : []
    await this.enter({ nickname, name, devices, relayOnly: this.#relayOnly.checked })
  }
}
