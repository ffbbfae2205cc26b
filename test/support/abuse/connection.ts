import { type Agent, request } from 'node:http'
import { WebSocket } from 'ws'
import { writeToken } from '../../../src/core/auth/tokens.ts'
import type { Target } from './attacker.ts'

/**
 * Socket.IO by hand, so that an attack costs the attacker as little as possible. All attackers use one address that no
 * other client has, so that limits by address apply to them only.
 */
export const attackerAddress = '127.0.0.2'
const closings = new WeakMap<WebSocket, Promise<void>>()

/** An Engine.IO connection, or the HTTP status of its refusal (0 when the TCP connection failed). */
export async function open({ url }: Target): Promise<WebSocket | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
    localAddress: attackerAddress,
    perMessageDeflate: false,
  })
  closings.set(socket, new Promise((resolve) => socket.once('close', () => resolve())))
  return new Promise((resolve) => {
    socket.on('error', () => resolve(0))
    socket.once('unexpected-response', (request, { statusCode = 0 }) => {
      request.destroy()
      resolve(statusCode)
    })
    socket.once('message', () => resolve(socket)) // Engine.IO's handshake
  })
}

/** Resolves when a connection of `open` has ended. */
export const closed = (socket: WebSocket): Promise<void> => closings.get(socket) ?? Promise.resolve()

/** @throws Error when the node refuses the connection */
export async function opened(target: Target): Promise<WebSocket> {
  const socket = await open(target)
  if (typeof socket === 'number') throw new Error(`No connection: HTTP ${socket}`)
  return socket
}

/** A connection to a namespace. @throws Error when the node refuses it */
export async function connected(target: Target, namespace = ''): Promise<WebSocket> {
  const socket = await opened(target)
  const packet = `40${namespace}`
  const answered = answer(socket, packet)
  socket.send(packet)
  await answered
  return socket
}

/** Connects and logs in on the portal. */
export async function member(target: Target, room: string, user: string): Promise<WebSocket> {
  const socket = await connected(target)
  const userAgent = { sdk: { type: 'JavaScript', version: '5.0' } }
  const login = { token: tokenFor(target, room, user), userAgent, protocol: '1.2' }
  const answered = answer(socket, '430')
  socket.send(`420${JSON.stringify(['login', login])}`)
  const ack = await answered
  if (!ack.startsWith('430["ok"')) throw new Error(`login: ${ack}`)
  keepAlive(socket)
  return socket
}

export function tokenFor({ secret }: Target, room: string, user: string): string {
  const target = { host: 'localhost', secure: false }
  return writeToken([secret], { room, user, role: 'presenter' }, target, Date.now() + 60_000)
}

/** Resolves to the next message that begins with `start`. @throws Error when the connection ends first */
export function answer(socket: WebSocket, start: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error(`Closed before ${start}`))
    const check = (data: unknown) => {
      if (!String(data).startsWith(start)) return
      socket.off('message', check).off('close', lost)
      resolve(String(data))
    }
    socket.on('message', check).once('close', lost)
  })
}

/** Answers the pings of Engine.IO. */
export function keepAlive(socket: WebSocket): void {
  socket.on('message', (data: Buffer) => {
    if (data.length === 1 && String(data) === '2') socket.send('3')
  })
}

/** One request of HTTP long-polling; resolves to the body of the answer. */
export function poll(agent: Agent, url: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent, method: body === undefined ? 'GET' : 'POST' }, (response) => {
      let text = ''
      response.on('data', (data) => (text += data)).on('end', () => resolve(text))
    })
    outgoing.on('error', reject).end(body)
  })
}

/** Calls a function `times` times, with at most `atOnce` calls at a time. */
export async function many(times: number, atOnce: number, run: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < times) await run(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
