/**
 * The part of W3C WebRTC that a Mesh uses, so that the library compiles without DOM types, and tests can replace the peer connection.
 * In a program with DOM types the media types are those of the browser.
 */
type Ambient<Name extends string, Otherwise> = typeof globalThis extends {
  [name in Name]: { prototype: infer Real }
}
  ? Real
  : Otherwise

export type MediaTrack = Ambient<'MediaStreamTrack', { readonly id: string; readonly kind: string }>
export type MediaSource = Ambient<'MediaStream', { readonly id: string }>

export type IceServer = { urls: string | string[]; username?: string; credential?: string }
export type PeerConfiguration = { iceServers: IceServer[]; iceTransportPolicy?: 'all' | 'relay' }
export type Description = { type: 'offer' | 'answer' | 'pranswer' | 'rollback'; sdp?: string }
export type Candidate = { candidate?: string; sdpMid?: string | null; sdpMLineIndex?: number | null }

export type Sender = { readonly track: MediaTrack | null; replaceTrack(track: MediaTrack | null): Promise<void> }

export interface PeerConnection {
  readonly signalingState: string
  readonly connectionState: string
  readonly localDescription: Description | null
  readonly remoteDescription: Description | null
  onnegotiationneeded: ((event: never) => unknown) | null
  onicecandidate: ((event: { readonly candidate: (Candidate & { toJSON?(): Candidate }) | null }) => unknown) | null
  ontrack: ((event: { readonly track: MediaTrack; readonly streams: readonly MediaSource[] }) => unknown) | null
  onconnectionstatechange: ((event: never) => unknown) | null
  setLocalDescription(description?: Description): Promise<void>
  setRemoteDescription(description: Description): Promise<void>
  addIceCandidate(candidate?: Candidate): Promise<void>
  addTrack(track: MediaTrack, ...streams: MediaSource[]): Sender
  removeTrack(sender: Sender): void
  getSenders(): Sender[]
  addTransceiver(kind: string, init: { direction: 'recvonly' }): unknown
  getConfiguration(): object
  setConfiguration(configuration: PeerConfiguration): void
  restartIce(): void
  close(): void
}

export type CreatePeerConnection = (configuration: PeerConfiguration) => PeerConnection

/** Creates a connection of the browser. @throws TypeError without RTCPeerConnection */
export const browserPeerConnection: CreatePeerConnection = (configuration) => {
  const { RTCPeerConnection } = globalThis as {
    RTCPeerConnection?: new (configuration: PeerConfiguration) => PeerConnection
  }
  if (!RTCPeerConnection)
    throw new TypeError('This runtime has no RTCPeerConnection: set the option createPeerConnection')
  return new RTCPeerConnection(configuration)
}
