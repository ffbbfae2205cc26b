import type { Payload, Reply } from '../protocol/payload.ts'
import type { rooms } from '../protocol/rooms.ts'
import type { Meta } from '../protocol/session.ts'
import { DialectClient } from './dialect-client.ts'
import { HandshakeToken } from './handshake-token.ts'
import { MeshChannel, type Signal } from './mesh/channel.ts'
import type { Candidate, Description, IceServer } from './mesh/rtc.ts'
import type { ResumeOptions, SessionOptions } from './options.ts'
import { ClientSession } from './session.ts'
import { settingsOf } from './settings.ts'
import type { ResumedInTab } from './tab-resume.ts'
import type { TokenSource } from './token-source.ts'

type RoomsTable = typeof rooms

/** The ack of enter_room. */
export type EnteredRoom = Reply<RoomsTable['enter_room']> & { iceServers?: IceServer[] } & ResumedInTab
export type RoomMember = EnteredRoom['members'][number]
export type OpenRoom = Reply<RoomsTable['rooms']>[number]

/** The notifications of `/rooms`; whom one is about stands in `meta.from`. */
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

/** Rooms with nicknames, chat and calls, and the lobby before them. One room at a time. */
export class Rooms extends DialectClient<RoomsTable, RoomsNotifications> {
  /** For a Mesh, once in a room. */
  readonly channel: MeshChannel
  #nickname: string | undefined
  #room = ''
  readonly #members = new Map<string, string>()

  /** @param options `token`: where the server wants one */
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

  /** This participant's id, once in a room. */
  get id(): string {
    return this.channel.id
  }

  /** The room that one is in, or ''. */
  get room(): string {
    return this.#room
  }

  /** Everyone in the room, oneself too: id → nickname. */
  get members(): ReadonlyMap<string, string> {
    return this.#members
  }

  /** Connects, to see rooms open and close and to hear announcements before entering one. */
  open(): void {
    this.session.open()
  }

  /** Shown from then on, in every room. */
  async nickname(name: string): Promise<void> {
    this.#nickname = name.trim()
    if (this.#room === '') return
    await this.session.request('nickname', [this.#nickname])
    this.#members.set(this.id, this.#nickname)
  }

  /**
   * Leaves the room one is in, and enters.
   * @throws SignalboxError as the server refuses, also the nickname; unreachable; closed (by leave or close); in_service while
   *   another room is being entered
   */
  async enter(room: string): Promise<EnteredRoom> {
    if (this.session.entered) void this.session.leave() // it never rejects
    return this.session.enter({
      event: 'enter_room',
      args: () => [room satisfies Payload<RoomsTable['enter_room']>],
      prelude: this.#nickname === undefined ? undefined : { event: 'nickname', args: [this.#nickname] },
      read: (data) => {
        const result = data as EnteredRoom
        this.#entered(result)
        return { ticket: result.ticket, seq: result.seq, iceServers: result.iceServers, result }
      },
      goodbye: { event: 'leave_room', args: [] },
      place: room,
    })
  }

  /** Leaves the room; the connection stays if it was opened. */
  async leave(): Promise<void> {
    await this.session.leave()
  }

  /** To everyone else in the room. */
  async say(text: string): Promise<void> {
    await this.session.request('new_message', [text, this.#room])
  }

  /** @param to a participant's id */
  async whisper(to: string, text: string): Promise<void> {
    await this.session.request('direct_message', [to, text])
  }

  /** To `to`, a participant's id, or to everyone else in the room. */
  async offer(description: Description, to?: string): Promise<void> {
    await this.#tell('offer', description, to)
  }

  async answer(description: Description, to?: string): Promise<void> {
    await this.#tell('answer', description, to)
  }

  async ice(candidate: Candidate, to?: string): Promise<void> {
    await this.#tell('ice', candidate, to)
  }

  /** The open rooms of the whole cluster. */
  async list(): Promise<OpenRoom[]> {
    const listed = this.#room === '' ? this.session.ask('rooms', []) : this.session.request('rooms', [])
    return (await listed) as OpenRoom[]
  }

  #tell(event: string, payload: object, to: string | undefined): Promise<unknown> {
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
