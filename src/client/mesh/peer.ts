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
 * One connection of a call, with the perfect negotiation of W3C WebRTC 1.0 (section 10.7): both sides may offer at any time; if
 * offers collide, the polite side gives way.
 */
export class Peer {
  readonly connection: PeerConnection
  readonly #polite: boolean
  readonly #events: PeerEvents
  #makingOffer = false
  #ignoringOffer = false
  #settingRemoteAnswer = false
  #closed = false
  /** The last description that was sent, and its candidates. */
  #sentSignals: Signal[] = []
  /** The last offer that was accepted, and the signals of its answer. If the offer arrives again, the answer was lost. */
  #accepted: { offer: string | undefined; signals: Signal[] } | undefined
  /** The SDP of the last answer that was applied. */
  #lastAnswer: string | undefined
  /** Candidates that arrived before their description. */
  #earlyCandidates: Candidate[] = []

  constructor(connection: PeerConnection, polite: boolean, events: PeerEvents) {
    this.connection = connection
    this.#polite = polite
    this.#events = events
    connection.onnegotiationneeded = () => this.#guard(() => this.#offer())
    connection.onicecandidate = ({ candidate }) => {
      if (candidate) this.#send({ candidate: candidate.toJSON?.() ?? candidate })
    }
    connection.ontrack = ({ track, streams }) => events.track(track, streams)
    connection.onconnectionstatechange = () => {
      events.state(connection.connectionState)
      if (connection.connectionState === 'failed') this.repairIce()
    }
  }

  receive(signal: Signal): Promise<void> {
    return this.#guard(() =>
      'description' in signal ? this.#receiveDescription(signal.description) : this.#receiveCandidate(signal.candidate),
    )
  }

  /** Sets the ICE servers for the next start of ICE. The rest of the configuration stays. */
  setIceServers(iceServers: IceServer[]): void {
    const { connection } = this
    void this.#guard(async () => connection.setConfiguration({ ...connection.getConfiguration(), iceServers }))
  }

  /** Gathers new candidates after a change of network, also during an unanswered offer, whose candidates may be of the old network. */
  async restartIce(isNeeded = () => true): Promise<void> {
    if (this.#closed) return
    const fresh = this.#events.freshIceServers(true)
    if (fresh) await fresh
    if (!this.#closed && isNeeded()) this.connection.restartIce()
  }

  /** Restarts ICE of a broken connection, unless an offer is unanswered: its answer may repair the connection, or it fails again. */
  repairIce(): void {
    const isStable = () => this.connection.signalingState === 'stable'
    if (isStable()) void this.restartIce(isStable)
  }

  /** Signals may be lost: sends an unanswered offer again, and restarts ICE. */
  recoverLostSignals(): void {
    this.#resendOffer()
    this.repairIce()
  }

  /** Sends the last signals again, because the node refused some of them. */
  resendSignals(): void {
    if (!this.#closed) this.#signalAll(this.#sentSignals)
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
      this.#sendLocalDescription()
    } finally {
      this.#makingOffer = false
    }
  }

  async #freshIceServers(): Promise<void> {
    const fresh = this.#events.freshIceServers(false)
    if (fresh) await fresh
  }

  async #receiveDescription(description: Description): Promise<void> {
    if (description.type === 'offer') await this.#receiveOffer(description)
    else await this.#receiveAnswer(description)
  }

  async #receiveOffer(offer: Description): Promise<void> {
    const { connection } = this
    if (this.#accepted?.offer !== undefined && this.#accepted.offer === offer.sdp) {
      this.#signalAll(this.#accepted.signals)
      this.#resendOffer() // the other side ignored it if it still waited for the answer
      return
    }
    const ready = !this.#makingOffer && (connection.signalingState === 'stable' || this.#settingRemoteAnswer)
    this.#ignoringOffer = !this.#polite && !ready
    if (this.#ignoringOffer) return this.#resendOffer() // the other side may have missed it
    this.#accepted = { offer: offer.sdp, signals: [] }
    try {
      await this.#setRemoteDescription(offer) // rolls back an offer of this side
      await this.#freshIceServers()
      await connection.setLocalDescription()
    } catch (error) {
      this.#accepted = undefined
      throw error
    }
    this.#sendLocalDescription()
    this.#accepted.signals = this.#sentSignals
  }

  async #receiveAnswer(answer: Description): Promise<void> {
    // an offer that was sent twice may be answered twice
    const { signalingState } = this.connection
    const awaited = signalingState === 'have-local-offer' || signalingState === 'have-remote-pranswer'
    if (!awaited || this.#settingRemoteAnswer || (answer.sdp !== undefined && answer.sdp === this.#lastAnswer)) return
    this.#ignoringOffer = false
    this.#settingRemoteAnswer = true
    try {
      await this.#setRemoteDescription(answer)
    } finally {
      this.#settingRemoteAnswer = false
    }
    this.#lastAnswer = answer.sdp
  }

  async #setRemoteDescription(description: Description): Promise<void> {
    await this.connection.setRemoteDescription(description)
    // a malformed candidate must not prevent the answer, nor later candidates
    for (const candidate of this.#earlyCandidates.splice(0)) await this.#guard(() => this.#addCandidate(candidate))
  }

  async #receiveCandidate(candidate: Candidate): Promise<void> {
    if (this.connection.remoteDescription) await this.#addCandidate(candidate)
    else if (!this.#ignoringOffer) this.#earlyCandidates.push(candidate)
  }

  async #addCandidate(candidate: Candidate): Promise<void> {
    try {
      await this.connection.addIceCandidate(candidate)
    } catch (error) {
      // candidates of an ignored offer have no description here
      if (!this.#ignoringOffer) throw error
    }
  }

  #sendLocalDescription(): void {
    const { localDescription } = this.connection
    if (!localDescription) return
    const { type, sdp } = localDescription
    this.#sentSignals = []
    this.#send({ description: { type, ...(sdp === undefined ? {} : { sdp }) } })
  }

  #send(signal: Signal): void {
    if (this.#closed) return // it was closed while the description was created
    this.#sentSignals.push(signal)
    this.#events.signal(signal)
  }

  #signalAll(signals: readonly Signal[]): void {
    for (const signal of signals) this.#events.signal(signal)
  }

  #resendOffer(): void {
    if (this.connection.signalingState === 'have-local-offer') this.#signalAll(this.#sentSignals)
  }

  async #guard(act: () => Promise<void>): Promise<void> {
    try {
      if (!this.#closed) await act()
    } catch (error) {
      if (!this.#closed) this.#events.failed(error)
    }
  }
}
