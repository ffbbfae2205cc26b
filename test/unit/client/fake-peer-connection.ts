import type {
  Candidate,
  Description,
  MediaSource,
  MediaTrack,
  PeerConfiguration,
  PeerConnection,
  Sender,
} from '../../../src/client/mesh/rtc.ts'

const wait = () => new Promise((resolve) => setImmediate(resolve))

/**
 * The negotiation of an RTCPeerConnection (W3C WebRTC 1.0, 4.4): signaling states, implicit descriptions and rollback,
 * refusals. A description's sdp is JSON: what its side sends, which offer it is or answers, and its ICE generation.
 */
export class FakePeerConnection implements PeerConnection {
  signalingState = 'stable'
  connectionState = 'new'
  localDescription: Description | null = null
  remoteDescription: Description | null = null
  onnegotiationneeded: ((event: never) => unknown) | null = null
  onicecandidate: PeerConnection['onicecandidate'] = null
  ontrack: PeerConnection['ontrack'] = null
  onconnectionstatechange: ((event: never) => unknown) | null = null
  readonly candidates: Candidate[] = []
  readonly log: string[] = []
  iceServers: unknown
  /** The ICE servers at each local description, with which gathering begins. */
  readonly gatheredWith: unknown[] = []
  readonly iceTransportPolicy: string | undefined
  ice = 1
  rollbacks = 0
  #senders: FakeSender[] = []
  #knownTracks = new Set<string>()
  #needed = false
  #chain: Promise<unknown> = Promise.resolve()
  #operations = 0
  #offers = 0
  /** As in the o= line of SDP: each description has another version. */
  #version = 0
  #stable: { local: Description | null; remote: Description | null } = { local: null, remote: null }

  constructor({ iceServers, iceTransportPolicy }: PeerConfiguration = { iceServers: [] }) {
    this.iceServers = iceServers
    this.iceTransportPolicy = iceTransportPolicy
  }

  getConfiguration(): object {
    return { iceServers: this.iceServers, bundlePolicy: 'balanced' }
  }

  setConfiguration({ iceServers, ...others }: PeerConfiguration): void {
    if (!('bundlePolicy' in others)) throw wrong('another bundlePolicy')
    this.iceServers = iceServers
  }

  setLocalDescription(description?: Description): Promise<void> {
    return this.#inTurn(() => {
      const type = description?.type ?? (this.signalingState === 'have-remote-offer' ? 'answer' : 'offer')
      if (type === 'answer' && this.signalingState !== 'have-remote-offer')
        throw wrong(`answer in ${this.signalingState}`)
      if (type === 'offer') this.#offers += 1
      const tracks = this.#senders.flatMap(({ track }) => (track ? [track.id] : []))
      this.#version += 1
      const sdp = { tracks, ice: this.ice, offer: this.#offers, version: this.#version }
      this.localDescription = { type, sdp: JSON.stringify(sdp) }
      this.gatheredWith.push(this.iceServers)
      this.#needed = false
      this.#become(type === 'offer' ? 'have-local-offer' : 'stable')
      this.onicecandidate?.({ candidate: { candidate: `of ${type} ${this.#offers}` } })
      this.onicecandidate?.({ candidate: null })
    })
  }

  setRemoteDescription(description: Description): Promise<void> {
    return this.#inTurn(() => {
      if (description.type === 'offer' && this.signalingState === 'have-local-offer') {
        this.rollbacks += 1
        this.localDescription = this.#stable.local
        this.#needed = true
      } else if (
        description.type === 'offer' ? this.signalingState !== 'stable' : this.signalingState !== 'have-local-offer'
      ) {
        throw wrong(`${description.type} in ${this.signalingState}`)
      }
      this.remoteDescription = description
      this.#become(description.type === 'offer' ? 'have-remote-offer' : 'stable')
      const { tracks } = JSON.parse(description.sdp ?? '{}') as { tracks: string[] }
      for (const id of tracks) {
        if (!this.#knownTracks.has(id)) this.ontrack?.({ track: { id, kind: 'video' }, streams: [] })
        this.#knownTracks.add(id)
      }
    })
  }

  addIceCandidate(candidate: Candidate = {}): Promise<void> {
    return this.#inTurn(() => {
      if (!this.remoteDescription) throw wrong('candidate without a remote description')
      if (candidate.candidate === 'malformed') throw wrong('malformed candidate')
      this.candidates.push(candidate)
    })
  }

  addTrack(track: MediaTrack, ..._streams: MediaSource[]): Sender {
    const sender = new FakeSender(track)
    this.#senders.push(sender)
    this.#need()
    return sender
  }

  removeTrack(sender: Sender): void {
    this.#senders = this.#senders.filter((other) => other !== sender)
    this.#need()
  }

  getSenders(): Sender[] {
    return this.#senders
  }

  addTransceiver(): void {
    this.#need()
  }

  restartIce(): void {
    this.ice += 1
    this.#need()
  }

  close(): void {
    this.signalingState = 'closed'
    this.connectionState = 'closed'
  }

  go(state: string): void {
    this.connectionState = state
    this.onconnectionstatechange?.(undefined as never)
  }

  #become(state: string): void {
    this.signalingState = state
    this.log.push(state)
    if (state !== 'stable') return
    this.#stable = { local: this.localDescription, remote: this.remoteDescription }
  }

  #need(): void {
    this.#needed = true
    setImmediate(() => this.#checkNeed())
  }

  /** Fires no event during an operation, which may make the negotiation unnecessary (4.7.3). */
  #checkNeed(): void {
    const now = this.#needed && this.#operations === 0 && this.signalingState === 'stable'
    if (now) this.onnegotiationneeded?.(undefined as never)
  }

  /** Operations run one after the other, and each takes some time. */
  #inTurn(act: () => void): Promise<void> {
    this.#operations += 1
    const done = this.#chain.then(wait).then(() => {
      if (this.signalingState === 'closed') throw wrong('closed')
      act()
    })
    this.#chain = done
      .catch(() => {})
      .then(() => {
        this.#operations -= 1
        if (this.#operations === 0) setImmediate(() => this.#checkNeed())
      })
    return done
  }
}

class FakeSender implements Sender {
  track: MediaTrack | null

  constructor(track: MediaTrack) {
    this.track = track
  }

  async replaceTrack(track: MediaTrack | null): Promise<void> {
    this.track = track
  }
}

function wrong(what: string): Error {
  return Object.assign(new Error(what), { name: 'InvalidStateError' })
}
