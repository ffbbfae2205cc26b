import type { Payload, Reply } from '../protocol/payload.ts'
import type { rooms } from '../protocol/rooms.ts'
import type { Meta } from '../protocol/session.ts'
import { ClientSession } from './client-session.ts'
import { DialectClient } from './dialect-client.ts'
import { HandshakeToken } from './handshake-token.ts'
import { MeshChannel, type Signal } from './mesh/channel.ts'
import type { Candidate, Description, IceServer } from './mesh/rtc.ts'
import type { ResumeOptions, SessionOptions } from './options.ts'
import { settingsOf } from './settings.ts'
import type { ResumedInTab } from './tab-resume.ts'
import type { TokenSource } from './token-source.ts'

type RoomsTable = typeof rooms

/** The ack of enter_room. */
export type EnteredRoom = Reply<RoomsTable['enter_room']> & { iceServers?: IceServer[] } & ResumedInTab
export type RoomMember = EnteredRoom['members'][number]
export type OpenRoom = Reply<RoomsTable['rooms']>[number]

/** The notifications of `/rooms`. `meta.from` is the id of the participant that the notification is about. */
export type RoomsNotifications = {
  welcome: [nickname: string, meta: Meta]
  bye: [nickname: string, meta: Meta]
  new_message: [text: string, meta: Meta]
  direct_message: [text: string, meta: Meta]
  offer: [description: Description, meta: Meta]
  answer: [description: Description, meta: Meta]
  ice: [candidate: Candidate, meta: Meta]
  room_change: [names: string[], rooms: OpenRoom[]]
  announcement: [text: string]
}

/** The client of `/rooms`: a lobby, and rooms with nicknames, chat and calls. It is in one room at a time. */
export class Rooms extends DialectClient<RoomsTable, RoomsNotifications> {
  /** The channel for a Mesh, after `enter`. */
  readonly channel: MeshChannel
  #nickname: string | undefined
  #room = ''
  readonly #members = new Map<string, string>()

  /** @param options `token`: required unless the server allows anonymous clients @throws TypeError when an option is wrong */
  constructor(options: SessionOptions & ResumeOptions & { token?: TokenSource }) {
    const settings = settingsOf(options, { mayResume: true })
    const token = new HandshakeToken(options.token, settings)
    super(new ClientSession(settings, { namespace: '/rooms', idleRequest: 'rooms', token }), [
      'welcome',
      'bye',
      'new_message',
      'direct_message',
      'offer',
      'answer',
      'ice',
      'room_change',
      'announcement',
    ])
    this.channel = new MeshChannel('earlier', (to, signal) => this.#signal(to, signal), this.session.iceRenewal)
    this.#follow()
  }

  /** The id of this participant, after `enter`. */
  get id(): string {
    return this.channel.id
  }

  /** The present room, or ''. */
  get room(): string {
    return this.#room
  }

  /** All participants of the room, this one included: id → nickname. */
  get members(): ReadonlyMap<string, string> {
    return this.#members
  }

  /** Connects without entering a room, to receive `room_change` and `announcement`. The connection stays open until `close`. */
  open(): void {
    this.session.open()
  }

  /** Sets the nickname for the present room and for later ones. @throws SignalboxError as the server refuses */
  async nickname(name: string): Promise<void> {
    this.#nickname = name.trim()
    if (this.#room === '') return
    await this.session.request('nickname', [this.#nickname])
    this.#members.set(this.id, this.#nickname)
  }

  /**
   * Leaves the present room, and enters this one.
   * @throws SignalboxError in_service (another `enter` is not answered yet), unreachable, token_unavailable, closed (by leave or
   *   close), or as the server refuses the room or the nickname
   */
  async enter(room: string): Promise<EnteredRoom> {
    if (this.session.loggedIn) void this.session.leave() // it never rejects
    return this.session.login({
      event: 'enter_room',
      args: () => [room satisfies Payload<RoomsTable['enter_room']>],
      prelude: this.#nickname === undefined ? undefined : { event: 'nickname', args: [this.#nickname] },
      read: (data) => {
        const result = data as EnteredRoom
        this.#entered(result)
        return { ticket: result.ticket, seq: result.seq, iceServers: result.iceServers, result }
      },
      goodbye: { event: 'leave_room', args: [] },
      room: room,
    })
  }

  /** Leaves the room. Closes the connection unless `open` was called. Never rejects. */
  async leave(): Promise<void> {
    await this.session.leave()
  }

  /** Sends a chat message to all other participants of the room. */
  async say(text: string): Promise<void> {
    await this.session.request('new_message', [text, this.#room])
  }

  /** Sends a direct message. @param to a participant's id */
  async whisper(to: string, text: string): Promise<void> {
    await this.session.request('direct_message', [to, text])
  }

  /** @param to a participant's id; unset: all other participants of the room */
  async offer(description: Description, to?: string): Promise<void> {
    await this.#send('offer', description, to)
  }

  async answer(description: Description, to?: string): Promise<void> {
    await this.#send('answer', description, to)
  }

  async ice(candidate: Candidate, to?: string): Promise<void> {
    await this.#send('ice', candidate, to)
  }

  /** The open rooms of the whole cluster. */
  async list(): Promise<OpenRoom[]> {
    const listed = this.#room === '' ? this.session.ask('rooms', []) : this.session.request('rooms', [])
    return (await listed) as OpenRoom[]
  }

  #send(event: string, payload: object, to: string | undefined): Promise<unknown> {
    return this.session.request(event, [payload, this.#room, ...(to === undefined ? [] : [to])])
  }

  #signal(to: string, signal: Signal): Promise<unknown> {
    if ('candidate' in signal) return this.ice(signal.candidate, to)
    const { description } = signal
    return description.type === 'answer' ? this.answer(description, to) : this.offer(description, to)
  }

  #entered({ id, room, members, iceServers }: EnteredRoom): void {
    this.#room = room
    this.#list(members)
    this.channel.entered(id, [...this.#members.keys()], iceServers)
  }

  #left(): void {
    this.#room = ''
    this.#members.clear()
    this.channel.closed()
  }

  #list(members: RoomMember[]): void {
    this.#members.clear()
    for (const { id, nickname } of members) this.#members.set(id, nickname)
  }

  #follow(): void {
    const { channel } = this
    this.on('welcome', (nickname, { from = '' }) => {
      this.#members.set(from, nickname)
      channel.joined(from)
    })
    this.on('bye', (_nickname, { from = '' }) => {
      this.#members.delete(from)
      channel.left(from)
    })
    this.on('offer', (description, { from = '' }) => channel.receive(from, { description }))
    this.on('answer', (description, { from = '' }) => channel.receive(from, { description }))
    this.on('ice', (candidate, { from = '' }) => channel.receive(from, { candidate }))
    this.on('iceServers', (servers) => {
      channel.iceServers = servers
    })
    this.on('reconnected', () => channel.reconnected())
    this.on('resync', ({ room }) => {
      const { members } = (room ?? {}) as { members?: RoomMember[] }
      if (members) this.#list(members)
      channel.resynced([...this.#members.keys()])
    })
    this.on('state', (state) => {
      if (state === 'initialized' || state === 'closed') this.#left()
    })
  }
}
