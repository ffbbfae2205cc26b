import { io, type Socket } from 'socket.io-client'
import { writeToken } from '../src/core/auth/tokens.ts'
import { type Server, secret } from './servers.ts'

export type Client = { socket: Socket; id: string }

/** Logs a client in. @param durable true for a node of Signalbox, false for a bare server, which has no rooms */
export async function enter(url: string, room: string, user: string, durable: boolean): Promise<Client> {
  const socket = io(url, { transports: ['websocket'], forceNew: true })
  const host = { host: 'localhost', secure: false }
  const claims = { room, user, role: 'presenter' }
  const login = {
    token: writeToken([secret], claims, host, Date.now() + 60_000),
    userAgent: { sdk: { type: 'JavaScript', version: '5.1' } },
    protocol: '1.2',
  }
  const [status, data] = await new Promise<[string, { id: string }]>((resolve) =>
    socket.emit('login', durable ? login : user, (...ack: [string, { id: string }]) => resolve(ack)),
  )
  if (status !== 'ok') throw new Error(`login: ${String(data)}`)
  return { socket, id: data.id }
}

/** CPU time used so far by all servers, seconds. */
export async function cpuOf(servers: Server[]): Promise<number> {
  const all = await Promise.all(servers.map(({ cpu }) => cpu()))
  return all.reduce((sum, cpu) => sum + cpu, 0)
}
