import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** A TCP proxy that can stop forwarding without closing its connections. */
export type TcpProxy = {
  url: string
  /** Stops forwarding; the kernel keeps the bytes that arrive meanwhile. `answers`: only bytes of the server. */
  stall(what: 'all' | 'answers'): void
  /** Forwards again, beginning with the kept bytes. */
  resume(): void
}

/** Starts a proxy to the node at a URL. It is closed after the test. */
export async function startTcpProxy(target: { url: string }): Promise<TcpProxy> {
  const { hostname, port } = new URL(target.url)
  const sides = { client: new Set<Socket>(), server: new Set<Socket>() }
  const proxy = createServer((client) => {
    const server = connect(Number(port), hostname)
    forward(client, server, sides.client)
    forward(server, client, sides.server)
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

/** Forwards the bytes of one side, and its end. The end of one side does not close a paused other side. */
function forward(from: Socket, to: Socket, side: Set<Socket>): void {
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
