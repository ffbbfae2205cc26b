import { atMost } from '../core/timeout.ts'
import type { Draining } from '../protocol/session.ts'
import type { Transport } from './server.ts'

/** How long a client may take to prove what it has received before its connection is closed, ms. */
const proofTimeoutMs = 1000

/**
 * Moves every client to other nodes: tells each when it will be cut, and cuts them one by one, evenly, over `seconds`.
 * At the engine's level, because after a bare `disconnect` client libraries do not come back. Before that a client that
 * cannot name what it saw is sent nothing more until it has proved what it received: so nothing comes twice after its relogin.
 * Resolves when the last one is closed. New connections are refused from now on.
 */
export async function drain(transport: Transport, seconds: number): Promise<void> {
  transport.refuseAll()
  const connections = [...transport.connections]
  const cuts = connections.map(async (connection, index) => {
    const withinMs = Math.round(((index + 1) / connections.length) * seconds * 1000)
    const notice: Draining = { withinMs }
    connection.socket.emit('draining', notice)
    await pause(withinMs)
    if (connection.session) await atMost(proofTimeoutMs, connection.session.halt())
    connection.cut()
  })
  // they know nothing of this node, and are cut at the same pace
  const tunnels = transport.tunnels.map(async (tunnel, index, { length }) => {
    await pause(((index + 1) / length) * seconds * 1000)
    tunnel.destroy()
  })
  await Promise.all([...cuts, ...tunnels])
  // those that were shaking hands when it began
  for (const connection of transport.connections) connection.cut()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
