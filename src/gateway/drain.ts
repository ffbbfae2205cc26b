import { inBackground } from '../core/background.ts'
import { atMost } from '../core/timeout.ts'
import type { Draining } from '../protocol/session.ts'
import type { Connection } from './connection.ts'
import { internalsOf } from './engine-internals.ts'
import type { Gateway } from './server.ts'

/** How long the node waits for the confirmation of what a client has received before it closes the connection, ms. */
const confirmationTimeoutMs = 1000

/**
 * Moves every client to other nodes: announces to each client when its connection will close, and closes the connections evenly
 * over `seconds`. Resolves when the last one is closed. The node must have stopped admitting clients before.
 */
export async function drain(gateway: Gateway, seconds: number): Promise<void> {
  const clients = [...byClient(gateway.connections).values()]
  const moves = clients.map((connections, index) =>
    move(connections, Math.round(((index + 1) / clients.length) * seconds * 1000)),
  )
  // the nodes that have their Engine.IO connections move these clients, at the same pace
  const tunnels = gateway.tunnels.map(async (tunnel, index, { length }) => {
    await pause(((index + 1) / length) * seconds * 1000)
    await tunnel.close()
  })
  await Promise.all([...moves, ...tunnels])
  // connections whose handshake was under way when the drain began
  for (const connection of gateway.connections) connection.cut()
}

/** Moves the client with this Engine.IO id to another node, at once. False if the node does not have the connection. */
export function moveClient(gateway: Gateway, sid: string, failed: (error: unknown) => void): boolean {
  const connections = [...gateway.connections].filter(({ socket }) => internalsOf(socket.conn).id === sid)
  if (connections.length === 0) return false
  inBackground(() => move(connections, 0), failed)
  return true
}

/**
 * Closes the connection of one client, on all its namespaces. At the engine's level, because after a bare `disconnect` client
 * libraries do not reconnect. If the client cannot name its `seq`, the node first stops sending and waits until it knows
 * what the client has received, so that the client receives nothing twice after its relogin.
 */
async function move(connections: Connection[], withinMs: number): Promise<void> {
  const draining: Draining = { withinMs }
  for (const { socket } of connections) socket.emit('draining', draining)
  await pause(withinMs)
  const halts = connections.map(({ session }) => session?.stopAndConfirm())
  await atMost(confirmationTimeoutMs, Promise.all(halts))
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
