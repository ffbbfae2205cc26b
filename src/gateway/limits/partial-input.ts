import type { IncomingMessage } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'

/** The parts of Engine.IO and ws that its types keep private: what ws has read of a frame, and of a message in fragments. */
type BufferedReceiver = { _bufferedBytes: number; _buffers: Buffer[]; _fragments: Buffer[] }
type ReadingWebSocket = { _receiver?: BufferedReceiver | null }
type ReadingTransport = {
  socket?: ReadingWebSocket
  /** Of long-polling: the request with data that is being read. */
  dataReq?: IncomingMessage | null
  maxHttpBufferSize?: number
}

/** What a piece of a message takes in memory besides its bytes. */
const pieceBytes = 128

/** How much of a WebSocket message was read that is not complete yet. */
export function webSocketInputBytes(webSocket: object | undefined): number {
  const { _receiver } = (webSocket ?? {}) as ReadingWebSocket
  return _receiver ? receivedBytes(_receiver) : 0
}

/** The same, of the WebSocket that a client uses; 0 when it uses long-polling. */
export function openWebSocketInputBytes({ transport }: EngineSocket): number {
  return webSocketInputBytes((transport as unknown as ReadingTransport).socket)
}

/** How much of a long-polling request was read, or announced, that is not complete yet. */
export function partialRequestBytes({ transport }: EngineSocket): number {
  const { dataReq, maxHttpBufferSize = 0 } = transport as unknown as ReadingTransport
  if (!dataReq) return 0
  const announced = Number(dataReq.headers['content-length'] ?? maxHttpBufferSize)
  return Math.min(announced, maxHttpBufferSize) || 0
}

/** A fragment keeps the whole chunk that it was read with. */
function receivedBytes({ _bufferedBytes, _buffers, _fragments }: BufferedReceiver): number {
  let bytes = _bufferedBytes + _buffers.length * pieceBytes
  let last: ArrayBufferLike | undefined
  for (const { buffer } of _fragments) {
    bytes += pieceBytes + (buffer === last ? 0 : buffer.byteLength)
    last = buffer
  }
  return bytes
}
