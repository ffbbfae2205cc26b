import { Call } from './call.js'
import { Chat } from './chat.js'
import { Journey } from './connection-status.js'
import { Controls } from './controls.js'
import { byId, element, icon } from './element.js'
import { count } from './messages.js'
import { nodeOptions } from './nodes.js'
import { notice } from './notices.js'
import { People } from './participant-list.js'
import { publicLink } from './public-link.js'
import { Rooms } from './sdk.js'
import { Tiles } from './tiles.js'
import { tokenFor } from './token.js'

/** One stay in a room: the call, the chat, and who is there. */
export class Room {
  #nickname
  #name
  #rooms
  #left
  #chat
  #people
  #tiles = new Tiles(byId('tiles'))
  #call
  #relayOnly = false
  #chatToggle
  #page = byId('room')
  #ends = new AbortController()

  /** @param left called once when it is over; unless the person left, with an error and what `show` and `enter` need to come back */
  constructor(nickname, left) {
    this.#nickname = nickname
    this.#left = left
  }

  /** @throws SignalboxError when the room cannot be entered */
  async enter(name) {
    const rooms = new Rooms({ ...nodeOptions(), token: () => tokenFor(name, this.#nickname), loginTimeoutMs: 15_000 })
    this.#rooms = rooms
    this.#name = name
    this.#chat = new Chat(rooms, this.#ends.signal, () => this.#unread())
    this.#people = new People(rooms, (id) => this.#chat.writeTo(id))
    new Journey(rooms, this.#chat)
    this.#listen()
    try {
      await rooms.nickname(this.#nickname)
      await rooms.enter(name)
    } catch (error) {
      this.#ends.abort()
      throw error
    }
    rooms.on('closed', (reason) => this.#over(reason))
  }

  /** What `show` and `enter` need to come back to where it stands; nobody is seen or heard who was not. */
  get stay() {
    const { audio, video } = this.#call.media.status
    const devices = [audio === 'on' && 'audio', video === 'camera' && 'video'].filter(Boolean)
    return { nickname: this.#nickname, name: this.#name, devices, relayOnly: this.#relayOnly }
  }

  /** @param devices those to ask for at once: `audio`, `video` @param relayOnly so that the others learn no address */
  show(devices, relayOnly) {
    const rooms = this.#rooms
    byId('room-title').textContent = rooms.room
    this.#page.hidden = false
    this.#page.dataset.panel = 'call'
    const ownTile = this.#tiles.add(rooms.id, this.#nickname, true)
    this.#relayOnly = relayOnly
    this.#call = new Call(rooms.channel, this.#tiles, ownTile, relayOnly)
    this.#showControls()
    this.#roster()
    this.#call.start()
    for (const id of ['copy-link', 'invite']) {
      byId(id).addEventListener('click', () => this.#copyLink(), { signal: this.#ends.signal })
    }
    byId('room-title').focus()
    globalThis.demo = { rooms, channel: rooms.channel, mesh: this.#call.mesh } // for those who want to look at it from the console
    this.#call.media.start(...devices).catch((error) => notice(error.message))
  }

  /** The others are told at once. */
  async leave() {
    const goodbye = this.#rooms.leave()
    this.#over()
    await goodbye
  }

  #listen() {
    const rooms = this.#rooms
    rooms.on('welcome', (name) => {
      this.#chat.note(`${name} came in`)
      this.#roster()
    })
    rooms.on('bye', (name, { from }) => {
      this.#chat.note(`${name} left`)
      this.#tiles.drop(from)
      this.#roster()
    })
    rooms.on('resync', () => {
      this.#chat.note('You were away for long: some messages could not be caught up')
      this.#roster()
    })
    rooms.on('announcement', (text) => {
      this.#chat.announce(text)
      notice(text, { kind: 'announcement' })
    })
  }

  #showControls() {
    const controls = new Controls(this.#call.media)
    controls.leave.addEventListener('click', () => this.leave())
    this.#chatToggle = element('button', { id: 'chat-toggle', type: 'button', className: 'control' })
    this.#chatToggle.append(
      icon('chat'),
      element('span', {}, 'Chat'),
      element('b', { className: 'unread', hidden: true }),
    )
    this.#chatToggle.setAttribute('aria-expanded', 'false')
    this.#chatToggle.setAttribute('aria-controls', 'chat')
    this.#chatToggle.addEventListener('click', () => this.#turn())
    controls.add(this.#chatToggle)
    byId('controls').replaceChildren(controls.element)
  }

  /** Between the call and the chat, where there is room for one of them only. */
  #turn() {
    const { dataset } = this.#page
    dataset.panel = dataset.panel === 'call' ? 'chat' : 'call'
    this.#chatToggle.setAttribute('aria-expanded', String(dataset.panel === 'chat'))
    this.#chatToggle.querySelector('b').hidden = true
    if (dataset.panel === 'chat') this.#chat.focus()
  }

  #unread() {
    const mark = this.#chatToggle?.querySelector('b')
    if (!mark || this.#page.dataset.panel === 'chat') return
    mark.textContent = mark.hidden ? 1 : Number(mark.textContent) + 1
    mark.hidden = false
  }

  #roster() {
    if (!this.#call) return
    const { members } = this.#rooms
    byId('waiting').hidden = members.size > 1
    byId('people-count').textContent = count(members.size, 'person', 'people')
    for (const [id, name] of members) this.#tiles.add(id, name)
    this.#tiles.keep([...members.keys()])
    this.#people.show()
    this.#chat.addressees()
  }

  async #copyLink() {
    const link = publicLink()
    try {
      await navigator.clipboard.writeText(link)
      notice('The link is copied. Send it to someone.', { kind: 'news', seconds: 4 })
    } catch {
      notice(`Copy this address, and send it to someone: ${link}`, { kind: 'news' })
    }
  }

  #over(reason) {
    if (this.#ends.signal.aborted) return
    this.#ends.abort()
    const { stay } = this
    this.#call.stop()
    this.#tiles.clear()
    this.#chat.clear()
    byId('controls').replaceChildren()
    this.#page.hidden = true
    this.#left(reason, stay)
  }
}
