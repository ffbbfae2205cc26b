import { checkMesh } from '../check-options.ts'
import { type Clock, systemClock } from '../clock.ts'
import { Emitter } from '../emitter.ts'
import { type Network, systemNetwork } from '../network.ts'
import type { MeshChannel, Signal } from './channel.ts'
import { Peer } from './peer.ts'
import {
  browserPeerConnection,
  type CreatePeerConnection,
  type IceServer,
  type MediaSource,
  type MediaTrack,
  type PeerConnection,
} from './rtc.ts'
import { SignalSender } from './signal-sender.ts'

export type MeshOptions = {
  /** Used when the server names none. */
  iceServers?: IceServer[]
  /**
   * `relay`: through a TURN server only, so that the others learn no address of this one. Nobody is reached where the
   * server names none. Default `all`.
   */
  iceTransportPolicy?: 'all' | 'relay'
  createPeerConnection?: CreatePeerConnection
  network?: Network
  clock?: Clock
}

export type MeshEvents = {
  /** Someone's track is there to be shown. */
  track: [from: string, track: MediaTrack, streams: readonly MediaSource[]]
  /** A connection to a participant was begun; add what is wanted to it, such as a data channel. */
  peer: [id: string, connection: PeerConnection]
  /** The RTCPeerConnectionState of the connection to a participant. */
  state: [id: string, state: string]
  /** The connection to a participant is over. */
  gone: [id: string]
  /** Something failed with one participant; the call with the others goes on. */
  error: [id: string, error: unknown]
}

/**
 * A call of everyone with everyone in a room: one RTCPeerConnection for each of the others, for those who come later
 * too. Get the channel from `rooms.channel` or `exchanger.channel` after entering.
 */
export class Mesh extends Emitter<MeshEvents> {
  readonly #channel: MeshChannel
  readonly #options: MeshOptions
  readonly #peers = new Map<string, Peer>()
  readonly #senders = new Map<string, SignalSender>()
  readonly #local = new Map<MediaTrack, MediaSource[]>()
  #ends: (() => void)[] = []

  /** @throws TypeError */
  constructor(channel: MeshChannel, options: MeshOptions = {}) {
    super()
    checkMesh(channel, options)
    this.#channel = channel
    this.#options = options
  }

  /** Participant → its connection. */
  get connections(): ReadonlyMap<string, PeerConnection> {
    return new Map([...this.#peers].map(([id, { connection }]) => [id, connection]))
  }

  /** Calls everyone who is there. Tracks may be added before or after. */
  start(): void {
    if (this.#ends.length > 0) return
    const { network = systemNetwork } = this.#options
    this.#ends = [
      network.onChange((online) => online && this.#each((peer) => void peer.restart())),
      this.#channel.attach({
        signal: (from, signal) => this.#receive(from, signal),
        joined: (id) => this.#call(id),
        left: (id) => this.#drop(id),
        iceServers: (servers) => this.#each((peer) => peer.renew(servers)),
        reconnected: () => this.#reconnected(),
        resynced: (present) => this.#resynced(present),
        closed: () => this.stop(),
      }),
    ]
    for (const id of this.#channel.present) this.#call(id)
  }

  /** Hangs up. The tracks are not stopped: they are the program's. */
  stop(): void {
    for (const end of this.#ends) end()
    this.#ends = []
    for (const id of [...this.#peers.keys()]) this.#drop(id)
  }

  addTrack(track: MediaTrack, ...streams: MediaSource[]): void {
    this.#local.set(track, streams)
    this.#each(({ connection }) => connection.addTrack(track, ...streams))
  }

  removeTrack(track: MediaTrack): void {
    if (!this.#local.delete(track)) return
    this.#each(({ connection }) => {
      const sender = senderOf(connection, track)
      if (sender) connection.removeTrack(sender)
    })
  }

  /** Another camera, microphone or the screen, for everyone and without a new negotiation. Those who come later see it. */
  async replaceTrack(old: MediaTrack, track: MediaTrack): Promise<void> {
    const streams = this.#local.get(old)
    if (!streams) throw new TypeError('The track to be replaced was not added')
    this.#local.delete(old)
    this.#local.set(track, streams)
    const replaced = [...this.#peers].map(async ([id, { connection }]) => {
      try {
        await senderOf(connection, old)?.replaceTrack(track)
      } catch (error) {
        this.emit('error', id, error)
      }
    })
    await Promise.all(replaced)
  }

  get #iceServers(): IceServer[] {
    return this.#channel.iceServers ?? this.#options.iceServers ?? []
  }

  /** Begins a connection, if it is for this side to begin it. */
  #call(id: string): void {
    if (!this.#peers.has(id) && this.#channel.offersTo(id)) this.#open(id, true)
  }

  #open(id: string, calls: boolean): Peer {
    const { createPeerConnection = browserPeerConnection } = this.#options
    const { iceTransportPolicy } = this.#options
    const policy = iceTransportPolicy ? { iceTransportPolicy } : {}
    const connection = createPeerConnection({ iceServers: this.#iceServers, ...policy })
    const sender = this.#senderTo(id)
    this.#senders.set(id, sender)
    const peer = new Peer(connection, this.#channel.id < id, {
      signal: (signal) => sender.send(signal),
      track: (track, streams) => this.emit('track', id, track, streams),
      state: (state) => this.emit('state', id, state),
      failed: (error) => this.emit('error', id, error),
      freshIceServers: (restart) => this.#channel.freshIceServers(restart),
    })
    this.#peers.set(id, peer)
    for (const [track, streams] of this.#local) connection.addTrack(track, ...streams)
    if (calls) this.#askFor(connection)
    this.emit('peer', id, connection)
    return peer
  }

  /** An offer has to have room for what the other side sends, and without tracks there would be none at all. */
  #askFor(connection: PeerConnection): void {
    const kinds = new Set([...this.#local.keys()].map(({ kind }) => kind))
    for (const kind of ['audio', 'video']) {
      if (!kinds.has(kind)) connection.addTransceiver(kind, { direction: 'recvonly' })
    }
  }

  #receive(from: string, signal: Signal): void {
    const peer = this.#peers.get(from) ?? this.#open(from, false)
    void peer.receive(signal)
  }

  #senderTo(id: string): SignalSender {
    return new SignalSender({
      send: (signal) => this.#channel.send(id, signal),
      clock: this.#options.clock ?? systemClock,
      repeat: () => this.#peers.get(id)?.tellAgain(),
      failed: (error) => this.#peers.has(id) && this.emit('error', id, error),
    })
  }

  #reconnected(): void {
    this.#each((peer) => isBroken(peer) && peer.mend())
  }

  #resynced(present: readonly string[]): void {
    for (const id of [...this.#peers.keys()]) if (!present.includes(id)) this.#drop(id)
    this.#each((peer) => peer.repeat())
    for (const id of present) if (!this.#peers.has(id)) this.#open(id, true)
  }

  #drop(id: string): void {
    const peer = this.#peers.get(id)
    if (!peer) return
    this.#peers.delete(id)
    this.#senders.get(id)?.stop()
    this.#senders.delete(id)
    peer.close()
    this.emit('gone', id)
  }

  #each(act: (peer: Peer) => void): void {
    for (const peer of this.#peers.values()) act(peer)
  }
}

function senderOf(connection: PeerConnection, track: MediaTrack) {
  return connection.getSenders().find((sender) => sender.track === track)
}

function isBroken({ connection: { connectionState } }: Peer): boolean {
  return connectionState === 'failed' || connectionState === 'disconnected'
}
