import { type IncomingMessage, STATUS_CODES } from 'node:http'
import { responseOf } from '../engine-internals.ts'

/**
 * Answers a handshake with 503: this node will not have the client, another may. Engine.io itself knows only 400 for
 * WebSocket and 403 for long-polling, which no load balancer takes for a reason to ask the next node.
 */
export function rejectHandshake(request: IncomingMessage, reason: string, status = 503): void {
  const body = JSON.stringify({ code: 4, message: reason }) // as engine.io writes its refusals
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), Connection: 'close' }
  const response = responseOf(request)
  if (response) {
    response.writeHead(status, headers).end(body)
    return
  }
  const { socket } = request
  socket.on('error', () => {}) // it may be gone by now
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  socket.destroySoon() // a client that does not close its side would keep it otherwise
}
