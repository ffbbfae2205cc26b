import { Call } from './call.js'
import { Controls } from './controls.js'
import { byId } from './element.js'
import { notice } from './notices.js'
import { relayRequested } from './relay.js'
import { Tiles } from './tiles.js'

/** A call without chat and participant list, for the pages that show one dialect each. */
export class SingleCall {
  tiles = new Tiles(byId('tiles'))
  #call

  /** @param onLeave called when the user presses the button to leave */
  constructor({ channel, id, name, title, withMedia, onLeave }) {
    byId('start').hidden = true
    byId('room').hidden = false
    byId('room-title').textContent = title
    this.#call = new Call(channel, this.tiles, this.tiles.add(id, name, true), relayRequested())
    const controls = new Controls(this.#call.media)
    controls.leave.addEventListener('click', onLeave)
    byId('controls').replaceChildren(controls.element)
    byId('room-title').focus()
    globalThis.demo = { channel, mesh: this.mesh } // for the browser's console
    if (withMedia) this.#call.media.start('audio', 'video').catch((error) => notice(error.message))
  }

  get mesh() {
    return this.#call.mesh
  }

  end() {
    this.#call.stop()
    this.tiles.clear()
    byId('controls').replaceChildren()
    byId('room').hidden = true
    byId('start').hidden = false
  }
}

export function showConnection(state, text) {
  byId('node').dataset.state = state
  byId('node').textContent = text
}
