import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A TCP proxy that can become a black hole: nothing is forwarded any more, and nothing is closed. */
export type TcpProxy = {
  url: string
  /** Stops forwarding; what is sent meanwhile is kept. `answers`: only what comes from the server. */
  stall(what: 'all' | 'answers'): void
  /** Forwards again, what was kept first. */
  resume(): void
}

/** Starts a proxy to the node at a URL. It is closed after the test. */
export async function startTcpProxy(target: { url: string }): Promise<TcpProxy> {
  const { hostname, port } = new URL(target.url)
  const sides = { client: new Set<Socket>(), server: new Set<Socket>() }
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname)
    join(client, server, sides.client)
    join(server, client, sides.server)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    for (const socket of [...sides.client, ...sides.server]) socket.destroy()
    await new Promise((resolve) => proxy.close(resolve))
  })
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    stall: (what) => {
      for (const socket of sides.server) socket.pause()
      if (what === 'all') for (const socket of sides.client) socket.pause()
    },
    resume: () => {
      for (const socket of [...sides.client, ...sides.server]) socket.resume()
    },
  }
}

/** Forwards what one side says. A side that stands still is not noticed to have ended. */
function join(from: Socket, to: Socket, side: Set<Socket>): void {
  side.add(from)
  from.setNoDelay(true)
  from.on('data', (bytes) => to.write(bytes))
  from.on('end', () => to.end())
  from.on('error', () => to.destroy())
  from.on('close', () => {
    side.delete(from)
    if (!to.isPaused()) to.destroy()
  })
}
