import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { apiCodes } from '../protocol/management.ts'
import type { Refused } from './errors.ts'

/** The status for an error code of Node's HTTP parser. It is 400 for every other code. */
const statuses: { [code: string]: number } = { ERR_HTTP_REQUEST_TIMEOUT: 408, HPE_HEADER_OVERFLOW: 431 }

/** Answers bytes that are not an HTTP request, or not a complete one in time, and closes the connection. */
export function answerBrokenRequest(error: Error & { code?: string }, socket: Socket, refused: Refused): void {
  const { code = '' } = error
  // the client has closed the connection: it reads no response
  if (code === 'ECONNRESET' || socket.destroyed) return
  const status = statuses[code] ?? 400
  const message = STATUS_CODES[status] ?? ''
  refused(`http_${status}`, { code, address: socket.remoteAddress })
  const body = JSON.stringify({ error: { code: apiCodes.badRequest, message } })
  const head = `HTTP/1.1 ${status} ${message}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`
  if (socket.writable) socket.write(`${head}\r\nConnection: close\r\n\r\n${body}`)
  socket.destroy(error)
}
