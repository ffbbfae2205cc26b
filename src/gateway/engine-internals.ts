import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket as EngineSocket } from 'engine.io'

/*
 * The parts of Engine.IO and ws that Signalbox uses although their types keep them private. The versions are pinned in
 * package-lock.json; check this file when they change.
 */

export type EnginePacket = { type: string; data?: string | Buffer }

/** What ws has read of a frame, and of a message in fragments. */
export type WebSocketReceiver = {
  _bufferedBytes: number
  _buffers: Buffer[]
  _fragments: Buffer[]
  _allowSynchronousEvents: boolean
  writableLength: number
}

export type EngineWebSocket = {
  bufferedAmount: number
  _receiver?: WebSocketReceiver | null
  ping(data: string): void
  terminate(): void
  on(event: 'pong', listener: (data: Buffer) => void): void
}

export type LegacyPacket = { type?: string; data?: unknown }
/** Takes one decoded packet; false stops the decoder. */
export type TakeLegacyPacket = (packet: LegacyPacket, index: number, total: number) => unknown
export type LegacyParser = {
  decodePacket(data: string | Buffer): LegacyPacket
  decodePayload(data: string | Buffer, take: TakeLegacyPacket): unknown
}

export type EngineTransport = {
  name: string
  writable: boolean
  parser: LegacyParser
  /** Of a WebSocket transport. */
  socket?: EngineWebSocket
  /** The poll that waits for its answer. */
  req?: (IncomingMessage & { cleanup?: () => void }) | null
  res?: ServerResponse | null
  /** The POST request that is being read. */
  dataReq?: IncomingMessage | null
  maxHttpBufferSize?: number
  /** Ends the transport after the next payload, to which Engine.IO appends a close packet. */
  shouldClose?: (() => void) | null
  send(packets: EnginePacket[]): void
  once(event: 'ready', listener: () => void): void
  off(event: 'ready', listener: () => void): void
  prependListener(event: 'ready', listener: () => void): void
}

type EngineInternals = {
  /** The `sid` of the connection's requests. */
  id: string
  transport: EngineTransport
  /** Packets that were emitted and that the transport has not taken yet. */
  writeBuffer: unknown[]
  upgrading: boolean
  upgraded: boolean
}

export const internalsOf = (engine: object): EngineInternals => engine as EngineInternals

export const transportOf = (engine: EngineSocket): EngineTransport => engine.transport as unknown as EngineTransport

/** The query of an Engine.IO request, as Engine.IO has parsed it. */
export function queryOf(request: IncomingMessage): { sid?: string; transport?: string } {
  return (request as { _query?: { sid?: string; transport?: string } })._query ?? {}
}

/** Where Engine.IO keeps the response to a long-polling request. */
export const responseOf = (request: IncomingMessage): ServerResponse | undefined =>
  (request as { res?: ServerResponse }).res
