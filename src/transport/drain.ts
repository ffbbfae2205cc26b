import { inBackground } from '../core/background.ts'
import { atMost } from '../core/timeout.ts'
import type { Draining } from '../protocol/session.ts'
import type { Connection } from './connection.ts'
import type { Transport } from './server.ts'

/** How long a client may take to prove what it has received before its connection is closed, ms. */
const proofTimeoutMs = 1000

/**
 * Moves every client to other nodes: tells each when it will be cut, and cuts them one by one, evenly, over `seconds`.
 * Resolves when the last one is closed. New connections are refused from now on.
 */
export async function drain(transport: Transport, seconds: number): Promise<void> {
  transport.refuseAll()
  const clients = [...byClient(transport.connections).values()]
  const moves = clients.map((connections, index) =>
    move(connections, Math.round(((index + 1) / clients.length) * seconds * 1000)),
  )
  // at the same pace; their nodes move the clients
  const tunnels = transport.tunnels.map(async (tunnel, index, { length }) => {
    await pause(((index + 1) / length) * seconds * 1000)
    await tunnel.close()
  })
  await Promise.all([...moves, ...tunnels])
  // those that were shaking hands when it began
  for (const connection of transport.connections) connection.cut()
}

/** Moves the client of one session to another node, at once. False if the node does not have the session. */
export function moveClient(transport: Transport, sid: string, failed: (error: unknown) => void): boolean {
  const connections = [...transport.connections].filter(({ socket }) => idOf(socket.conn) === sid)
  if (connections.length === 0) return false
  inBackground(() => move(connections, 0), failed)
  return true
}

/**
 * Closes the connection of one client, on all its namespaces. At the engine's level, because after a bare `disconnect` client
 * libraries do not come back. Before that a client that cannot name what it saw is sent nothing more until it has
 * proved what it received: so nothing comes twice after its relogin.
 */
async function move(connections: Connection[], withinMs: number): Promise<void> {
  const notice: Draining = { withinMs }
  for (const { socket } of connections) socket.emit('draining', notice)
  await pause(withinMs)
  const halts = connections.map(({ session }) => session?.halt())
  await atMost(proofTimeoutMs, Promise.all(halts))
  for (const connection of connections) connection.cut()
}

function byClient(connections: Iterable<Connection>): Map<object, Connection[]> {
  const clients = new Map<object, Connection[]>()
  for (const connection of connections) {
    const { conn } = connection.socket
    const others = clients.get(conn)
    if (others) others.push(connection)
    else clients.set(conn, [connection])
  }
  return clients
}

/** Engine.IO's types keep it private. */
const idOf = (engine: object) => (engine as { id: string }).id

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
