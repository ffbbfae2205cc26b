import type { exchanger } from '../protocol/exchanger.ts'
import type { Payload, Reply } from '../protocol/payload.ts'
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

type ExchangerTable = typeof exchanger

/** The ack of joinStream; `users` are the others. */
export type JoinedStream = Reply<ExchangerTable['joinStream']> & { iceServers?: IceServer[] } & ResumedInTab
export type StreamUser = JoinedStream['users'][number]

/** The notifications of `/exchanger`. `meta.from` is the id of the sender. */
export type ExchangerNotifications = {
  userJoinedStream: [user: unknown, meta: Meta]
  receiveOffer: [sessionDescriptor: Description, meta: Meta]
  receiveAnswer: [sessionDescriptor: Description, meta: Meta]
  receiveCandidate: [candidate: Candidate, meta: Meta]
  userLeftStream: [user: unknown, meta: Meta]
}

/** The client of `/exchanger`: exchanges session descriptions and candidates between the participants of a channel. */
export class Exchanger extends DialectClient<ExchangerTable, ExchangerNotifications> {
  /** The channel for a Mesh, after `join`. */
  readonly channel: MeshChannel
  /** The room's name, which the protocol calls `channelName`. */
  #room = ''
  /** Participant id → user. */
  readonly #users = new Map<string, unknown>()

  /** @param options `token`: required unless the server allows anonymous clients @throws TypeError when an option is wrong */
  constructor(options: SessionOptions & ResumeOptions & { token?: TokenSource }) {
    const settings = settingsOf(options, { mayResume: true })
    const token = new HandshakeToken(options.token, settings)
    super(new ClientSession(settings, { namespace: '/exchanger', token }), [
      'userJoinedStream',
      'receiveOffer',
      'receiveAnswer',
      'receiveCandidate',
      'userLeftStream',
    ])
    // as in the original exchanger: a client that joins receives the list of the others, and makes the offers
    this.channel = new MeshChannel('later', (to, signal) => this.#signal(to, signal), this.session.iceRenewal)
    this.#follow()
  }

  /** The id of this participant, after `join`. */
  get id(): string {
    return this.channel.id
  }

  /** The other participants: id → user. */
  get users(): ReadonlyMap<string, unknown> {
    return this.#users
  }

  /**
   * Joins a channel. @param user any value that describes this participant to the others
   * @throws SignalboxError in_service, unreachable, token_unavailable, closed (by leave or close), or as the server refuses
   */
  async join(channelName: string, user: unknown): Promise<JoinedStream> {
    return this.session.login({
      event: 'joinStream',
      args: () => [{ channelName, user } satisfies Payload<ExchangerTable['joinStream']>],
      read: (data) => {
        const result = data as JoinedStream
        this.#room = channelName
        this.#list(result.users)
        this.channel.entered(result.id, [...this.#users.keys()], result.iceServers)
        return { ticket: result.ticket, seq: result.seq, iceServers: result.iceServers, result }
      },
      goodbye: { event: 'leaveStream', args: [{ channelName, user }] },
      room: channelName,
    })
  }

  /** Leaves the channel and closes the connection. Never rejects. */
  async leave(): Promise<void> {
    await this.session.leave()
  }

  /** @param to a participant's id; unset: all other participants of the channel */
  async offer(sessionDescriptor: Description, to?: string): Promise<void> {
    await this.request('offer', { ...this.#targetOf(to), sessionDescriptor })
  }

  async answer(sessionDescriptor: Description, to?: string): Promise<void> {
    await this.request('answer', { ...this.#targetOf(to), sessionDescriptor })
  }

  async candidate(candidate: Candidate, to?: string): Promise<void> {
    await this.request('candidate', { ...this.#targetOf(to), candidate })
  }

  #targetOf(to: string | undefined): Pick<Payload<ExchangerTable['offer']>, 'channelName' | 'to'> {
    return { channelName: this.#room, ...(to === undefined ? {} : { to }) }
  }

  #signal(to: string, signal: Signal): Promise<unknown> {
    if ('candidate' in signal) return this.candidate(signal.candidate, to)
    const { description } = signal
    return description.type === 'answer' ? this.answer(description, to) : this.offer(description, to)
  }

  #list(users: StreamUser[]): void {
    this.#users.clear()
    for (const { id, user } of users) this.#users.set(id, user)
  }

  #follow(): void {
    const { channel } = this
    this.on('userJoinedStream', (user, { from = '' }) => {
      this.#users.set(from, user)
      channel.joined(from)
    })
    this.on('userLeftStream', (_user, { from = '' }) => {
      this.#users.delete(from)
      channel.left(from)
    })
    this.on('receiveOffer', (description, { from = '' }) => channel.receive(from, { description }))
    this.on('receiveAnswer', (description, { from = '' }) => channel.receive(from, { description }))
    this.on('receiveCandidate', (candidate, { from = '' }) => channel.receive(from, { candidate }))
    this.on('iceServers', (servers) => {
      channel.iceServers = servers
    })
    this.on('reconnected', () => channel.reconnected())
    this.on('resync', ({ room }) => {
      const { users } = (room ?? {}) as { users?: StreamUser[] }
      if (users) this.#list(users)
      channel.resynced([...this.#users.keys()])
    })
    this.on('state', (state) => {
      if (state !== 'initialized' && state !== 'closed') return
      this.#users.clear()
      channel.closed()
    })
  }
}
