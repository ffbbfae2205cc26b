import { element, icon } from './element.js'
import { play } from './sound.js'

const connectionTexts = {
  new: 'Connecting…',
  connecting: 'Connecting…',
  connected: '',
  disconnected: 'Connection lost, waiting…',
  failed: 'No connection, trying again…',
}

/** A participant who has not started a connection after this time uses a program without calls, such as a chat. */
const noCallAfterMs = 6000

/** A participant of the call: video and sound, or an avatar of initials, with the name and what is off. */
export class Tile {
  #video = element('video', { autoplay: true, playsInline: true })
  #face = element('div', { className: 'face', 'aria-hidden': 'true' })
  #state = element('p', { className: 'tile-state' })
  #name = element('span', { className: 'tile-name' })
  #stream = new MediaStream()
  #status = { audio: 'off', video: 'off' }
  #noCallTimer
  element = element(
    'article',
    { className: 'tile' },
    this.#video,
    this.#face,
    this.#state,
    element(
      'p',
      { className: 'tile-caption' },
      this.#name,
      badge('screen', 'Shares the screen'),
      badge('microphone-off', 'Microphone off'),
      badge('camera-off', 'Camera off'),
    ),
  )

  constructor(id, name, self = false) {
    this.name = self ? `${name} (you)` : name
    if (self) this.element.id = 'own-tile'
    this.element.dataset.participant = id
    this.element.style.setProperty('--hue', hueOf(name))
    this.#video.muted = self // no echo of the own microphone
    this.#video.srcObject = this.#stream
    this.#name.textContent = this.name
    this.#face.textContent = initialsOf(name)
    this.status = this.#status
    this.connection = self ? 'connected' : 'new'
  }

  /** `{ audio: on | off, video: camera | screen | off }` */
  set status(status) {
    this.#status = status
    const { audio, video } = status
    Object.assign(this.element.dataset, { audio, video })
    const off = [
      audio === 'off' && 'microphone off',
      video === 'off' && 'camera off',
      video === 'screen' && 'shares the screen',
    ]
    this.element.setAttribute('aria-label', [this.name, ...off.filter(Boolean)].join(', '))
  }

  /** @param state an RTCPeerConnectionState */
  set connection(state) {
    this.element.dataset.connection = state
    this.#state.textContent = connectionTexts[state] ?? ''
    clearTimeout(this.#noCallTimer)
    if (state !== 'new') return
    this.#noCallTimer = setTimeout(() => {
      this.#state.textContent = 'Not in the call'
    }, noCallAfterMs)
  }

  /** Shows the track and removes the previous one of its kind. */
  show(track) {
    this.hide(track.kind, track)
    if (!this.#stream.getTracks().includes(track)) this.#stream.addTrack(track)
    play(this.#video)
  }

  hide(kind, except) {
    for (const old of this.#stream.getTracks()) if (old.kind === kind && old !== except) this.#stream.removeTrack(old)
  }

  /** The connection ended: removes its tracks. */
  reset() {
    for (const track of this.#stream.getTracks()) this.#stream.removeTrack(track)
    this.status = { audio: 'off', video: 'off' }
    this.connection = 'new'
  }
}

/** All tiles of a call, the own tile first. */
export class Tiles {
  #list
  #tiles = new Map()

  constructor(list) {
    this.#list = list
  }

  get(id) {
    return this.#tiles.get(id)
  }

  add(id, name, self = false) {
    const known = this.#tiles.get(id)
    if (known) return known
    const tile = new Tile(id, name, self)
    this.#tiles.set(id, tile)
    if (self) this.#list.prepend(tile.element)
    else this.#list.append(tile.element)
    this.#count()
    return tile
  }

  drop(id) {
    this.#tiles.get(id)?.element.remove()
    this.#tiles.delete(id)
    this.#count()
  }

  /** Removes all tiles but these. */
  keep(ids) {
    for (const id of [...this.#tiles.keys()]) if (!ids.includes(id)) this.drop(id)
  }

  clear() {
    this.keep([])
  }

  #count() {
    this.#list.dataset.count = this.#tiles.size > 6 ? 'many' : this.#tiles.size
  }
}

function badge(name, text) {
  return element('span', { className: `badge ${name}`, title: text }, icon(name))
}

export function initialsOf(name) {
  const words = name.trim().split(/\s+/)
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]]
  return letters
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase()
}

/** The hue of a name, 0 to 359: the same on every screen. */
export function hueOf(name) {
  let sum = 0
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 360
  return sum
}
