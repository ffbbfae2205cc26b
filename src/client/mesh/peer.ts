import type { Signal } from './channel.ts'
import type { Candidate, Description, IceServer, MediaSource, MediaTrack, PeerConnection } from './rtc.ts'

type PeerEvents = {
  signal(signal: Signal): void
  track(track: MediaTrack, streams: readonly MediaSource[]): void
  state(state: string): void
  failed(error: unknown): void
  /** Await it before ICE starts. @param restart whether ICE restarts */
  freshIceServers(restart: boolean): Promise<void> | undefined
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
  /** The last description that was told, and its candidates. */
  #said: Signal[] = []
  /** The last offer that was accepted, and what was said to it: who says it again has not heard that. */
  #accepted: { offer: string | undefined; said: Signal[] } | undefined
  /** The last answer that was taken. */
  #taken: string | undefined
  /** Candidates that came before the description that they belong to. */
  #early: Candidate[] = []

  constructor(connection: PeerConnection, polite: boolean, events: PeerEvents) {
    this.connection = connection
    this.#polite = polite
    this.#events = events
    connection.onnegotiationneeded = () => this.#guard(() => this.#offer())
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) this.#tell({ candidate: candidate.toJSON?.() ?? candidate })
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

  /** For the next start of ICE; how the connection was made otherwise stays. */
  renew(iceServers: IceServer[]): void {
    const { connection } = this
    void this.#guard(async () => connection.setConfiguration({ ...connection.getConfiguration(), iceServers }))
  }

  /** New ICE candidates, after a change of network: while an offer is unanswered, too, for its own may be of the old one. */
  async restart(isNeeded = () => true): Promise<void> {
    if (this.#closed) return
    const fresh = this.#events.freshIceServers(true)
    if (fresh) await fresh
    if (!this.#closed && isNeeded()) this.connection.restartIce()
  }

  /** The same where something is broken. An offer that is unanswered may mend it, and if not, that shows. */
  mend(): void {
    const isStable = () => this.connection.signalingState === 'stable'
    if (isStable()) void this.restart(isStable)
  }

  /** The other side may have missed what was said: an offer that waits for its answer is said again. */
  repeat(): void {
    this.#sayOfferAgain()
    this.mend()
  }

  /** Repeats the last signals, because the node refused some of them. */
  tellAgain(): void {
    if (!this.#closed) this.#say(this.#said)
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
    if (this.#makingOffer) return // the offer that waits for ICE servers will include everything
    try {
      this.#makingOffer = true
      await this.#freshIceServers()
      // an offer of the other side that arrived meanwhile goes first; negotiationneeded fires again if an offer is still needed
      if (this.#closed || this.connection.signalingState !== 'stable') return
      await this.connection.setLocalDescription()
      this.#tellLocal()
    } finally {
      this.#makingOffer = false
    }
  }

  async #freshIceServers(): Promise<void> {
    const fresh = this.#events.freshIceServers(false)
    if (fresh) await fresh
  }

  async #takeDescription(description: Description): Promise<void> {
    if (description.type === 'offer') await this.#takeOffer(description)
    else await this.#takeAnswer(description)
  }

  async #takeOffer(offer: Description): Promise<void> {
    const { connection } = this
    if (this.#accepted?.offer !== undefined && this.#accepted.offer === offer.sdp) {
      this.#say(this.#accepted.said)
      this.#sayOfferAgain() // it came to one who still waited for the answer
      return
    }
    const ready = !this.#makingOffer && (connection.signalingState === 'stable' || this.#settingRemoteAnswer)
    this.#ignoringOffer = !this.#polite && !ready
    if (this.#ignoringOffer) return this.#sayOfferAgain() // in case that the other side does not know of it
    this.#accepted = { offer: offer.sdp, said: [] }
    try {
      await this.#takeRemote(offer) // rolls an own offer back if need be
      await this.#freshIceServers()
      await connection.setLocalDescription()
    } catch (error) {
      this.#accepted = undefined
      throw error
    }
    this.#tellLocal()
    this.#accepted.said = this.#said
  }

  async #takeAnswer(answer: Description): Promise<void> {
    // an offer that was said twice may be answered twice
    const { signalingState } = this.connection
    const awaited = signalingState === 'have-local-offer' || signalingState === 'have-remote-pranswer'
    if (!awaited || this.#settingRemoteAnswer || (answer.sdp !== undefined && answer.sdp === this.#taken)) return
    this.#ignoringOffer = false
    this.#settingRemoteAnswer = true
    try {
      await this.#takeRemote(answer)
    } finally {
      this.#settingRemoteAnswer = false
    }
    this.#taken = answer.sdp
  }

  async #takeRemote(description: Description): Promise<void> {
    await this.connection.setRemoteDescription(description)
    // a malformed candidate must not prevent the answer, nor later candidates
    for (const candidate of this.#early.splice(0)) await this.#guard(() => this.#addCandidate(candidate))
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
    if (!localDescription) return
    const { type, sdp } = localDescription
    this.#said = []
    this.#tell({ description: { type, ...(sdp === undefined ? {} : { sdp }) } })
  }

  #tell(signal: Signal): void {
    if (this.#closed) return // while the description was being made
    this.#said.push(signal)
    this.#events.signal(signal)
  }

  #say(signals: readonly Signal[]): void {
    for (const signal of signals) this.#events.signal(signal)
  }

  #sayOfferAgain(): void {
    if (this.connection.signalingState === 'have-local-offer') this.#say(this.#said)
  }

  async #guard(act: () => Promise<void>): Promise<void> {
    try {
      if (!this.#closed) await act()
    } catch (error) {
      if (!this.#closed) this.#events.failed(error)
    }
  }
}
