import type { IncomingMessage } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'

/** The parts of Engine.IO and ws that its types keep private: what ws has read of a frame, and of a message in fragments. */
type Receiver = { _bufferedBytes: number; _buffers: Buffer[]; _fragments: Buffer[] }
type TransportLike = {
  socket?: { _receiver?: Receiver }
  /** Of long-polling: the request with data that is being read. */
  dataReq?: IncomingMessage | null
  maxHttpBufferSize?: number
}

/** What a piece of a message takes in memory besides its bytes. */
const pieceBytes = 128

/** How much of a WebSocket message or of a long-polling request was read, or announced, that is not complete yet. */
export function partialInputBytes(engine: EngineSocket): number {
  const { socket, dataReq, maxHttpBufferSize = 0 } = engine.transport as unknown as TransportLike
  if (socket?._receiver) return receivedBytes(socket._receiver)
  if (!dataReq) return 0
  const announced = Number(dataReq.headers['content-length'] ?? maxHttpBufferSize)
  return Math.min(announced, maxHttpBufferSize) || 0
}

/** A fragment keeps the whole chunk that it was read with. */
function receivedBytes({ _bufferedBytes, _buffers, _fragments }: Receiver): number {
  let bytes = _bufferedBytes + _buffers.length * pieceBytes
  let last: ArrayBufferLike | undefined
  for (const { buffer } of _fragments) {
    bytes += pieceBytes + (buffer === last ? 0 : buffer.byteLength)
    last = buffer
  }
  return bytes
}
