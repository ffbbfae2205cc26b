import { connect, type Socket } from 'node:net'

/** How many bytes are written at a time. */
const batchBytes = 64 * 1024

/** Opcodes of RFC 6455 5.2; with the high bit, a frame is the last of its message. */
export const opcodes = { continuation: 0x00, text: 0x01, lastText: 0x81, close: 0x88, ping: 0x89, pong: 0x8a }

/** One frame as a client sends it, masked with zeros. */
export function frameOf(opcode: number, payload: string | Buffer = ''): Buffer {
  const data = Buffer.from(payload)
  const length = data.length < 126 ? [0x80 | data.length] : [0x80 | 126, data.length >> 8, data.length & 255]
  return Buffer.concat([Buffer.from([opcode, ...length, 0, 0, 0, 0]), data])
}

/** As many copies of a frame as fit into one write. */
export function batchOf(frame: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: Math.floor(batchBytes / frame.length) }, () => frame))
}

/**
 * Performs the handshake of a WebSocket client. The caller then writes frames that no library sends.
 * @throws Error when the node refuses the connection
 */
export async function rawWebSocket(
  url: string,
  { query = 'EIO=4&transport=websocket', ...options }: { query?: string; localAddress?: string } = {},
): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true, ...options })
  socket.on('error', () => {}) // the node may close it at any time
  const lines = [
    `GET /socket.io/?${query} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  const answer = await new Promise((resolve) => socket.once('data', resolve).once('close', () => resolve('closed')))
  if (!String(answer).startsWith('HTTP/1.1 101')) throw new Error(`No WebSocket: ${String(answer).slice(0, 80)}`)
  return socket
}
