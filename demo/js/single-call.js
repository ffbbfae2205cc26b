import { Call } from './call.js'
import { Controls } from './controls.js'
import { byId } from './element.js'
import { notice } from './notices.js'
import { relayAsked } from './relay.js'
import { Tiles } from './tiles.js'

/** A call and nothing besides it, on the pages that show one dialect each. */
export class SmallCall {
  tiles = new Tiles(byId('tiles'))
  #call

  /** @param left called when the person leaves */
  constructor({ channel, id, name, title, withMedia, left }) {
    byId('start').hidden = true
    byId('room').hidden = false
    byId('room-title').textContent = title
    this.#call = new Call(channel, this.tiles, this.tiles.add(id, name, true), relayAsked())
    const controls = new Controls(this.#call.media)
    controls.leave.addEventListener('click', left)
    byId('controls').replaceChildren(controls.element)
    byId('room-title').focus()
    globalThis.demo = { channel, mesh: this.mesh } // for those who want to look at it from the console
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

export function sayWhere(state, text) {
  byId('node').dataset.state = state
  byId('node').textContent = text
}
