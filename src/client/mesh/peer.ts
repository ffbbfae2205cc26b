import type { Signal } from './channel.ts'
import type { Candidate, Description, MediaSource, MediaTrack, PeerConnection } from './rtc.ts'

export type PeerEvents = {
  signal(signal: Signal): void
  track(track: MediaTrack, streams: readonly MediaSource[]): void
  state(state: string): void
  failed(error: unknown): void
}

/**
 * One connection of a call, with perfect negotiation as the example of W3C WebRTC 1.0 (section 10.7) has it: both sides
 * may offer at any time; when offers collide, the polite side gives way.
 */
export class Peer {
  readonly connection: PeerConnection
  readonly #polite: boolean
  readonly #events: PeerEvents
  #makingOffer = false
  #ignoringOffer = false
  #settingRemoteAnswer = false
  #closed = false
  /** Candidates that came before the description that they belong to. */
  #early: Candidate[] = []

  constructor(connection: PeerConnection, polite: boolean, events: PeerEvents) {
    this.connection = connection
    this.#polite = polite
    this.#events = events
    connection.onnegotiationneeded = () => this.#guard(() => this.#offer())
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) events.signal({ candidate: candidate.toJSON?.() ?? candidate })
    }
    connection.ontrack = ({ track, streams }) => events.track(track, streams)
    connection.onconnectionstatechange = () => {
      events.state(connection.connectionState)
      if (connection.connectionState === 'failed') this.mend()
    }
  }

  receive(signal: Signal): Promise<void> {
    return this.#guard(() =>
      'description' in signal ? this.#takeDescription(signal.description) : this.#takeCandidate(signal.candidate),
    )
  }

  /** New ICE candidates, after a change of network: while an offer is unanswered, too, for its own may be of the old one. */
  restart(): void {
    if (!this.#closed) this.connection.restartIce()
  }

  /** The same where something is broken. An offer that is unanswered may mend it, and if not, that shows. */
  mend(): void {
    if (this.connection.signalingState === 'stable') this.restart()
  }

  /** The other side may have missed what was said: an offer that waits for its answer is made again. */
  repeat(): void {
    const { signalingState, localDescription } = this.connection
    if (signalingState === 'have-local-offer' && localDescription) this.#tell(localDescription)
    else this.mend()
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    const { connection } = this
    connection.onnegotiationneeded = null
    connection.onicecandidate = null
    connection.ontrack = null
    connection.onconnectionstatechange = null
    connection.close()
  }

  async #offer(): Promise<void> {
    try {
      this.#makingOffer = true
      await this.connection.setLocalDescription()
      this.#tellLocal()
    } finally {
      this.#makingOffer = false
    }
  }

  async #takeDescription(description: Description): Promise<void> {
    const { connection } = this
    const readyForOffer = !this.#makingOffer && (connection.signalingState === 'stable' || this.#settingRemoteAnswer)
    const collision = description.type === 'offer' && !readyForOffer
    this.#ignoringOffer = !this.#polite && collision
    if (this.#ignoringOffer) return
    this.#settingRemoteAnswer = description.type === 'answer'
    try {
      await connection.setRemoteDescription(description) // rolls an own offer back if need be
    } finally {
      this.#settingRemoteAnswer = false
    }
    for (const candidate of this.#early.splice(0)) await this.#addCandidate(candidate)
    if (description.type !== 'offer') return
    await connection.setLocalDescription()
    this.#tellLocal()
  }

  async #takeCandidate(candidate: Candidate): Promise<void> {
    if (this.connection.remoteDescription) await this.#addCandidate(candidate)
    else if (!this.#ignoringOffer) this.#early.push(candidate)
  }

  async #addCandidate(candidate: Candidate): Promise<void> {
    try {
      await this.connection.addIceCandidate(candidate)
    } catch (error) {
      // those of an offer that was ignored belong to no description here
      if (!this.#ignoringOffer) throw error
    }
  }

  #tellLocal(): void {
    const { localDescription } = this.connection
    if (localDescription) this.#tell(localDescription)
  }

  #tell({ type, sdp }: Description): void {
    this.#events.signal({ description: { type, ...(sdp === undefined ? {} : { sdp }) } })
  }

  async #guard(act: () => Promise<void>): Promise<void> {
    try {
      if (!this.#closed) await act()
    } catch (error) {
      if (!this.#closed) this.#events.failed(error)
    }
  }
}
