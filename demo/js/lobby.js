import { byId } from './element.js'
import { clearErrorsOnInput, showError, submit } from './form-errors.js'
import { nameError, retryProblemOf } from './messages.js'
import { nodeName, nodeOptions } from './nodes.js'
import { notice } from './notices.js'
import { OpenRooms } from './open-rooms.js'
import { relayRequested } from './relay.js'
import { Rooms } from './sdk.js'
import { forBrowser } from './storage.js'
import { tokenFor } from './token.js'

const unreachableAfterMs = 4000

/** The page before a room: the user's name, the list of open rooms, and the form to enter a room. */
export class Lobby {
  #enter
  #rooms
  #unreachableTimer
  #nickname = byId('nickname')
  #room = byId('room-name')
  #withMedia = byId('with-media')
  #relayOnly = byId('relay-only')
  #open = new OpenRooms((name) => this.#submit(name))

  /** @param enter called with `{ nickname, name, devices, relayOnly }`; rejects when the room cannot be entered */
  constructor({ enter }) {
    this.#enter = enter
    this.#nickname.value = forBrowser.get('nickname') ?? ''
    this.#withMedia.checked = forBrowser.get('with-media') !== 'no'
    this.#relayOnly.checked = relayRequested() || forBrowser.get('relay-only') === 'yes'
    this.#room.value = new URLSearchParams(location.search).get('room') ?? ''
    byId('enter-form').addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit(this.#room.value)
    })
    clearErrorsOnInput(this.#nickname, this.#room)
  }

  /** Shows the lobby, and keeps the list of open rooms up to date. */
  open() {
    byId('lobby').hidden = false
    const rooms = new Rooms({ ...nodeOptions(), token: () => tokenFor('lobby', 'lobby') })
    this.#rooms = rooms
    this.#showStatus('connecting', 'Connecting…')
    this.#startUnreachableTimer()
    rooms.on('open', () => {
      clearTimeout(this.#unreachableTimer)
      this.#showStatus('connected', `Node ${nodeName(rooms.connection)}`)
      rooms.list().then(
        (open) => rooms === this.#rooms && this.#open.show(open),
        () => {}, // the connection was lost again: the next one requests the list
      )
    })
    rooms.on('lost', () => {
      this.#showStatus('connecting', 'Reconnecting…')
      this.#startUnreachableTimer()
    })
    rooms.on('retrying', (reason) => {
      const problem = retryProblemOf(reason)
      if (problem) this.#showStatus('lost', problem)
    })
    rooms.on('room_change', (_names, open) => this.#open.show(open))
    rooms.on('announcement', (text) => notice(text, { kind: 'announcement' }))
    rooms.open()
    ;(this.#nickname.value === '' ? this.#nickname : this.#room).focus()
  }

  /** @param request as passed to `enter`; a failure is shown in the form */
  async enter(request) {
    this.#nickname.value = request.nickname
    this.#room.value = request.name
    await submit(byId('enter'), byId('enter-problem'), 'Entering…', () => this.#enter(request))
  }

  close() {
    clearTimeout(this.#unreachableTimer)
    this.#rooms?.close()
    this.#rooms = undefined
    byId('lobby').hidden = true
  }

  #startUnreachableTimer() {
    clearTimeout(this.#unreachableTimer)
    this.#unreachableTimer = setTimeout(() => {
      this.#showStatus(
        'lost',
        `No server answers${navigator.onLine ? '' : ', and your device says that it is offline'}. Trying again…`,
      )
    }, unreachableAfterMs)
  }

  #showStatus(state, text) {
    const status = byId('lobby-status')
    status.dataset.state = state
    status.textContent = text
  }

  async #submit(roomName) {
    const nickname = this.#nickname.value.trim()
    const name = roomName.trim()
    this.#room.value = roomName
    const invalidField = [
      showError(this.#nickname, nameError(nickname, 'Your name', 64)),
      showError(this.#room, nameError(name, 'The room’s name', 256)),
    ].find(Boolean)
    if (invalidField) return invalidField.focus()
    forBrowser.set('nickname', nickname)
    forBrowser.set('with-media', this.#withMedia.checked ? 'yes' : 'no')
    forBrowser.set('relay-only', this.#relayOnly.checked ? 'yes' : 'no')
    const devices = this.#withMedia.checked ? ['audio', 'video'] : []
    await this.enter({ nickname, name, devices, relayOnly: this.#relayOnly.checked })
  }
}
