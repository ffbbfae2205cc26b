import type { Socket as EngineSocket } from 'engine.io'
import { type EngineWebSocket, transportOf, type WebSocketReceiver } from '../engine-internals.ts'

/** The memory of one piece of a message besides its bytes. */
const pieceBytes = 128

/** The bytes of an incomplete message that were read from a WebSocket. */
export function webSocketInputBytes(webSocket: object | undefined): number {
  const { _receiver } = (webSocket ?? {}) as Partial<EngineWebSocket>
  return _receiver ? receivedBytes(_receiver) : 0
}

/** The same for the WebSocket of a client; 0 with long-polling. */
export function openWebSocketInputBytes(engine: EngineSocket): number {
  return webSocketInputBytes(transportOf(engine).socket)
}

/** The bytes of an incomplete long-polling request, as its Content-Length announces them. */
export function partialRequestBytes(engine: EngineSocket): number {
  const { dataReq, maxHttpBufferSize = 0 } = transportOf(engine)
  if (!dataReq) return 0
  const announced = Number(dataReq.headers['content-length'] ?? maxHttpBufferSize)
  return Math.min(announced, maxHttpBufferSize) || 0
}

/** A fragment keeps in memory the whole chunk in which it was read. */
function receivedBytes({ _bufferedBytes, _buffers, _fragments }: WebSocketReceiver): number {
  let bytes = _bufferedBytes + _buffers.length * pieceBytes
  let last: ArrayBufferLike | undefined
  for (const { buffer } of _fragments) {
    bytes += pieceBytes + (buffer === last ? 0 : buffer.byteLength)
    last = buffer
  }
  return bytes
}
