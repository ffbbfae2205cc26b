import { Call } from './call.js'
import { Chat } from './chat.js'
import { ConnectionStatus } from './connection-status.js'
import { Controls } from './controls.js'
import { byId, element, icon } from './element.js'
import { count } from './messages.js'
import { nodeOptions } from './nodes.js'
import { notice } from './notices.js'
import { ParticipantList } from './participant-list.js'
import { publicLink } from './public-link.js'
import { Rooms } from './sdk.js'
import { Tiles } from './tiles.js'
import { tokenFor } from './token.js'

/** The page of a room: the call, the chat and the participants. */
export class Room {
  #nickname
  #name
  #rooms
  #onLeft
  #chat
  #participantList
  #tiles = new Tiles(byId('tiles'))
  #call
  #relayOnly = false
  #chatToggle
  #page = byId('room')
  #ends = new AbortController()

  /** @param onLeft called once with an error and the room's state; without the error if the user left */
  constructor(nickname, onLeft) {
    this.#nickname = nickname
    this.#onLeft = onLeft
  }

  /** @throws SignalboxError when the room cannot be entered */
  async enter(name) {
    const rooms = new Rooms({ ...nodeOptions(), token: () => tokenFor(name, this.#nickname), loginTimeoutMs: 15_000 })
    this.#rooms = rooms
    this.#name = name
    this.#chat = new Chat(rooms, this.#ends.signal, () => this.#countUnread())
    this.#participantList = new ParticipantList(rooms, (id) => this.#chat.writeTo(id))
    new ConnectionStatus(rooms, this.#chat)
    this.#listen()
    try {
      await rooms.nickname(this.#nickname)
      await rooms.enter(name)
    } catch (error) {
      this.#ends.abort()
      throw error
    }
    rooms.on('closed', (reason) => this.#end(reason))
  }

  /** What `enter` and `show` need to restore the room. Devices that are off stay off. */
  get roomState() {
    const { audio, video } = this.#call.media.status
    const devices = [audio === 'on' && 'audio', video === 'camera' && 'video'].filter(Boolean)
    return { nickname: this.#nickname, name: this.#name, devices, relayOnly: this.#relayOnly }
  }

  /** @param devices to request now: `audio`, `video` @param relayOnly hides the address from the others */
  show(devices, relayOnly) {
    const rooms = this.#rooms
    byId('room-title').textContent = rooms.room
    this.#page.hidden = false
    this.#page.dataset.panel = 'call'
    const ownTile = this.#tiles.add(rooms.id, this.#nickname, true)
    this.#relayOnly = relayOnly
    this.#call = new Call(rooms.channel, this.#tiles, ownTile, relayOnly)
    this.#showControls()
    this.#showParticipants()
    this.#call.start()
    for (const id of ['copy-link', 'invite']) {
      byId(id).addEventListener('click', () => this.#copyLink(), { signal: this.#ends.signal })
    }
    byId('room-title').focus()
    globalThis.demo = { rooms, channel: rooms.channel, mesh: this.#call.mesh } // for the browser's console
    this.#call.media.start(...devices).catch((error) => notice(error.message))
  }

  /** Leaves the room. The other participants are notified immediately. */
  async leave() {
    const left = this.#rooms.leave()
    this.#end()
    await left
  }

  #listen() {
    const rooms = this.#rooms
    rooms.on('welcome', (name) => {
      this.#chat.note(`${name} joined`)
      this.#showParticipants()
    })
    rooms.on('bye', (name, { from }) => {
      this.#chat.note(`${name} left`)
      this.#tiles.drop(from)
      this.#showParticipants()
    })
    rooms.on('resync', () => {
      this.#chat.note('You were away for a long time, so some messages are missing')
      this.#showParticipants()
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
    this.#chatToggle.addEventListener('click', () => this.#togglePanel())
    controls.add(this.#chatToggle)
    byId('controls').replaceChildren(controls.element)
  }

  /** Switches between call and chat on screens that show only one of them. */
  #togglePanel() {
    const { dataset } = this.#page
    dataset.panel = dataset.panel === 'call' ? 'chat' : 'call'
    this.#chatToggle.setAttribute('aria-expanded', String(dataset.panel === 'chat'))
    this.#chatToggle.querySelector('b').hidden = true
    if (dataset.panel === 'chat') this.#chat.focus()
  }

  #countUnread() {
    const mark = this.#chatToggle?.querySelector('b')
    if (!mark || this.#page.dataset.panel === 'chat') return
    mark.textContent = mark.hidden ? 1 : Number(mark.textContent) + 1
    mark.hidden = false
  }

  #showParticipants() {
    if (!this.#call) return
    const { members } = this.#rooms
    byId('waiting').hidden = members.size > 1
    byId('people-count').textContent = count(members.size, 'person', 'people')
    for (const [id, name] of members) this.#tiles.add(id, name)
    this.#tiles.keep([...members.keys()])
    this.#participantList.show()
    this.#chat.updateReceivers()
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

  #end(reason) {
    if (this.#ends.signal.aborted) return
    this.#ends.abort()
    const { roomState } = this
    this.#call.stop()
    this.#tiles.clear()
    this.#chat.clear()
    byId('controls').replaceChildren()
    this.#page.hidden = true
    this.#onLeft(reason, roomState)
  }
}
