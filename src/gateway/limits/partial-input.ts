import type { Socket as EngineSocket } from 'engine.io'
import { type EngineWebSocket, transportOf, type WebSocketReceiver } from '../engine-internals.ts'

/** What a piece of a message takes in memory besides its bytes. */
const pieceBytes = 128

/** How much of a WebSocket message was read that is not complete yet. */
export function webSocketInputBytes(webSocket: object | undefined): number {
  const { _receiver } = (webSocket ?? {}) as Partial<EngineWebSocket>
  return _receiver ? receivedBytes(_receiver) : 0
}

/** The same, of the WebSocket that a client uses; 0 when it uses long-polling. */
export function openWebSocketInputBytes(engine: EngineSocket): number {
  return webSocketInputBytes(transportOf(engine).socket)
}

/** How much of a long-polling request was read, or announced, that is not complete yet. */
export function partialRequestBytes(engine: EngineSocket): number {
  const { dataReq, maxHttpBufferSize = 0 } = transportOf(engine)
  if (!dataReq) return 0
  const announced = Number(dataReq.headers['content-length'] ?? maxHttpBufferSize)
  return Math.min(announced, maxHttpBufferSize) || 0
}

/** A fragment keeps the whole chunk that it was read with. */
function receivedBytes({ _bufferedBytes, _buffers, _fragments }: WebSocketReceiver): number {
  let bytes = _bufferedBytes + _buffers.length * pieceBytes
  let last: ArrayBufferLike | undefined
  for (const { buffer } of _fragments) {
    bytes += pieceBytes + (buffer === last ? 0 : buffer.byteLength)
    last = buffer
  }
  return bytes
}
