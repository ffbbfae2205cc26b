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
  /** Used if the server has none. */
  iceServers?: IceServer[]
  /**
   * `relay`: through a TURN server only, so that the other participants do not learn the address of this one. Without a TURN server no
   * connection is established. Default `all`.
   */
  iceTransportPolicy?: 'all' | 'relay'
  createPeerConnection?: CreatePeerConnection
  network?: Network
  clock?: Clock
}

export type MeshEvents = {
  /** A track of another participant has arrived. */
  track: [from: string, track: MediaTrack, streams: readonly MediaSource[]]
  /** The mesh has created the connection to a participant. The program may add to it, such as a data channel. */
  peer: [id: string, connection: PeerConnection]
  /** The RTCPeerConnectionState of the connection to a participant. */
  state: [id: string, state: string]
  /** The connection to a participant is closed. */
  gone: [id: string]
  /** An operation failed for one participant. The call with the others continues. */
  error: [id: string, error: unknown]
}

/**
 * A call between all participants of a room: one RTCPeerConnection to each other participant, also to those who join later. The
 * channel is `rooms.channel` or `exchanger.channel`, after `enter` or `join`.
 */
export class Mesh extends Emitter<MeshEvents> {
  readonly #channel: MeshChannel
  readonly #options: MeshOptions
  readonly #peers = new Map<string, Peer>()
  readonly #senders = new Map<string, SignalSender>()
  readonly #localTracks = new Map<MediaTrack, MediaSource[]>()
  #unsubscribers: (() => void)[] = []

  /** @throws TypeError */
  constructor(channel: MeshChannel, options: MeshOptions = {}) {
    super()
    checkMesh(channel, options)
    this.#channel = channel
    this.#options = options
  }

  /** Participant id → connection. */
  get connections(): ReadonlyMap<string, PeerConnection> {
    return new Map([...this.#peers].map(([id, { connection }]) => [id, connection]))
  }

  /** Calls the present participants. Tracks may be added before or after. */
  start(): void {
    if (this.#unsubscribers.length > 0) return
    const { network = systemNetwork } = this.#options
    this.#unsubscribers = [
      network.onChange((online) => online && this.#forEachPeer((peer) => void peer.restartIce())),
      this.#channel.attach({
        signal: (from, signal) => this.#receive(from, signal),
        joined: (id) => this.#call(id),
        left: (id) => this.#drop(id),
        iceServers: (servers) => this.#forEachPeer((peer) => peer.setIceServers(servers)),
        reconnected: () => this.#reconnected(),
        resynced: (present) => this.#resynced(present),
        closed: () => this.stop(),
      }),
    ]
    for (const id of this.#channel.present) this.#call(id)
  }

  /** Closes all connections. Does not stop the tracks, which belong to the program. */
  stop(): void {
    for (const end of this.#unsubscribers) end()
    this.#unsubscribers = []
    for (const id of [...this.#peers.keys()]) this.#drop(id)
  }

  addTrack(track: MediaTrack, ...streams: MediaSource[]): void {
    this.#localTracks.set(track, streams)
    this.#forEachPeer(({ connection }) => connection.addTrack(track, ...streams))
  }

  removeTrack(track: MediaTrack): void {
    if (!this.#localTracks.delete(track)) return
    this.#forEachPeer(({ connection }) => {
      const sender = senderOf(connection, track)
      if (sender) connection.removeTrack(sender)
    })
  }

  /** Replaces a track on all connections, without a new negotiation. @throws TypeError if `old` was not added */
  async replaceTrack(old: MediaTrack, track: MediaTrack): Promise<void> {
    const streams = this.#localTracks.get(old)
    if (!streams) throw new TypeError('The track to replace was not added')
    this.#localTracks.delete(old)
    this.#localTracks.set(track, streams)
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

  /** Creates the connection if this side makes the first offer. */
  #call(id: string): void {
    if (!this.#peers.has(id) && this.#channel.offersTo(id)) this.#open(id, true)
  }

  #open(id: string, isCaller: boolean): Peer {
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
    for (const [track, streams] of this.#localTracks) connection.addTrack(track, ...streams)
    if (isCaller) this.#addMissingTransceivers(connection)
    this.emit('peer', id, connection)
    return peer
  }

  /** The offer needs a transceiver for each kind that the other side may send; without local tracks it would have none. */
  #addMissingTransceivers(connection: PeerConnection): void {
    const kinds = new Set([...this.#localTracks.keys()].map(({ kind }) => kind))
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
      resend: () => this.#peers.get(id)?.resendSignals(),
      failed: (error) => this.#peers.has(id) && this.emit('error', id, error),
    })
  }

  #reconnected(): void {
    this.#forEachPeer((peer) => isBroken(peer) && peer.repairIce())
  }

  #resynced(present: readonly string[]): void {
    for (const id of [...this.#peers.keys()]) if (!present.includes(id)) this.#drop(id)
    this.#forEachPeer((peer) => peer.recoverLostSignals())
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

  #forEachPeer(act: (peer: Peer) => void): void {
    for (const peer of this.#peers.values()) act(peer)
  }
}

function senderOf(connection: PeerConnection, track: MediaTrack) {
  return connection.getSenders().find((sender) => sender.track === track)
}

function isBroken({ connection: { connectionState } }: Peer): boolean {
  return connectionState === 'failed' || connectionState === 'disconnected'
}
