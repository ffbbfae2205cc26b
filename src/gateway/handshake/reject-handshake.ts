import { type IncomingMessage, STATUS_CODES } from 'node:http'
import { responseOf } from '../engine-internals.ts'

/**
 * Refuses a handshake, by default with 503, so that a load balancer tries another node. Engine.IO itself answers only 400 for
 * WebSocket and 403 for long-polling, after which load balancers do not try another node.
 */
export function rejectHandshake(request: IncomingMessage, reason: string, status = 503): void {
  const body = JSON.stringify({ code: 4, message: reason }) // the format of Engine.IO's refusals
  const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body), Connection: 'close' }
  const response = responseOf(request)
  if (response) {
    response.writeHead(status, headers).end(body)
    return
  }
  const { socket } = request
  socket.on('error', () => {}) // the client may have disconnected
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${body}`)
  socket.destroySoon() // otherwise a client that does not close its side keeps the connection
}
