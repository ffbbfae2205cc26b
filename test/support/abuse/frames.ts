import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type Attacker, spaced, type Target } from './attacker.ts'
import { attackerAddress } from './connection.ts'
import { batchOf, frameOf, opcodes, rawWebSocket } from './raw-web-socket.ts'

/** Frames that have no effect, and that a client could send without end: those below Engine.IO, and events that are refused. */
const kinds = {
  pings: { first: undefined, frame: frameOf(opcodes.ping, 'x'.repeat(125)) },
  'empty pings': { first: undefined, frame: frameOf(opcodes.ping) },
  pongs: { first: undefined, frame: frameOf(opcodes.pong) },
  fragments: { first: frameOf(opcodes.text), frame: frameOf(opcodes.continuation) },
  'fragments of one byte': { first: frameOf(opcodes.text, '4'), frame: frameOf(opcodes.continuation, 'x') },
  'tiny events': { first: frameOf(opcodes.lastText, '40'), frame: frameOf(opcodes.lastText, '42["a"]') },
}

type Size = {
  kind: keyof typeof kinds
  connections: number
  seconds: number
  /** Whether they read what the node sends. */
  reads: boolean
}

/** Connections that send WebSocket frames as fast as the node reads them, and connect again when it closes them. */
export const frames = ({ kind, connections, seconds, reads }: Size): Attacker => ({
  name: `WebSocket ${kind} for ${seconds} s by ${spaced(connections)} connections that ${reads ? 'read' : 'do not read'}`,
  refusals: ['flood'],
  start: async (target) => {
    const signal = AbortSignal.timeout(seconds * 1000)
    const ended = once(signal, 'abort')
    const senders = Array.from({ length: connections }, async () => {
      while (!signal.aborted) await sendUntil(ended, target, kinds[kind], reads)
    })
    await Promise.all(senders)
  },
})

async function sendUntil(
  ended: Promise<unknown>,
  { url }: Target,
  { first, frame }: (typeof kinds)[keyof typeof kinds],
  reads: boolean,
): Promise<void> {
  const socket = await rawWebSocket(url, { localAddress: attackerAddress })
  if (reads) socket.resume()
  else socket.pause()
  if (first) socket.write(first)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  pump(socket, batchOf(frame))
  await Promise.race([ended, closed])
  socket.destroy()
}

function pump(socket: Socket, batch: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(batch));
  }
  socket.on('drain', more)
  more()
}
