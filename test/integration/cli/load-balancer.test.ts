import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { LoadBalancer } from '../../../src/cli/local-cluster/load-balancer.ts'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** Imitates a node: one port accepts connections, another one reports whether the node is ready. */
class FakeNode {
  readonly name: string
  ready = true
  readonly sockets: Socket[] = []
  readonly #server: Server
  readonly #health = createHttpServer((_request, response) => response.writeHead(this.ready ? 200 : 503).end())

  /** @param serve by default it sends the node's name and ends the connection */
  constructor(name: string, serve: (socket: Socket) => void = (socket) => void socket.end(name)) {
    this.name = name
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket)
      socket.on('error', () => {})
      serve(socket)
    })
  }

  async listen() {
    const [port, healthPort] = [await listening(this.#server), await listening(this.#health)]
    cleanUps.push(() => this.stop())
    return { name: this.name, host: '127.0.0.1', port, readyUrl: `http://127.0.0.1:${healthPort}` }
  }

  /** Closes all sockets, as the end of the process would. */
  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.#health.closeAllConnections()
    await Promise.all([this.#server, this.#health].map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

async function balancerOf(nodes: FakeNode[]): Promise<{ balancer: LoadBalancer; port: number }> {
  const balancer = new LoadBalancer(await Promise.all(nodes.map((node) => node.listen())))
  const port = await balancer.listen(0, '127.0.0.1')
  cleanUps.push(() => balancer.close())
  return { balancer, port }
}

function dial(port: number): Socket {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  cleanUps.push(() => socket.destroy())
  return socket
}

/** Reads until the other side ends. Leaves this side open; node:stream/consumers would close it. */
async function text(socket: Socket): Promise<string> {
  let all = ''
  socket.on('data', (part) => {
    all += part
  })
  await once(socket, 'end')
  return all
}

/** The names of the nodes that serve these connections, one connection after the other. */
async function answers(port: number, count: number): Promise<string[]> {
  const names: string[] = []
  for (let n = 0; n < count; n += 1) {
    const socket = dial(port)
    names.push(await text(socket))
    socket.end()
  }
  return names
}

test('the load balancer forwards connections to the nodes in turn', async () => {
  const { port } = await balancerOf(['a', 'b', 'c'].map((name) => new FakeNode(name)))
  expect(await answers(port, 7)).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a'])
})

test('the other nodes share the turns of a node that refuses connections', async () => {
  const nodes = ['a', 'b', 'c'].map((name) => new FakeNode(name))
  const { port } = await balancerOf(nodes)
  await nodes[1]?.stop()
  const names = await answers(port, 9)
  expect(names.filter((name) => name === 'a').length).toBeGreaterThanOrEqual(4)
  expect(names.filter((name) => name === 'c').length).toBeGreaterThanOrEqual(4)
  expect(names).not.toContain('b')
})

test('a node that is not ready gets no connection until it is ready again', async () => {
  const [a, b] = [new FakeNode('a'), new FakeNode('b')]
  const { balancer, port } = await balancerOf([a, b])
  a.ready = false
  await balancer.check()
  expect(await answers(port, 3)).toEqual(['b', 'b', 'b'])
  a.ready = true
  await balancer.check()
  expect((await answers(port, 2)).sort()).toEqual(['a', 'b'])
})

test('a node that accepts connections serves if no node is ready', async () => {
  const [a, b] = [new FakeNode('a'), new FakeNode('b')]
  const { balancer, port } = await balancerOf([a, b])
  for (const node of [a, b]) node.ready = false
  await balancer.check()
  await a.stop()
  expect(await answers(port, 2)).toEqual(['b', 'b'])
})

test('a client receives 503 if every node refuses connections', async () => {
  const node = new FakeNode('a')
  const { port } = await balancerOf([node])
  await node.stop()
  const response = await fetch(`http://127.0.0.1:${port}`)
  expect(response.status).toBe(503)
})

test('a client that has ended its data still receives the answer', async () => {
  const echo = new FakeNode('a', async (socket) => socket.end(`received ${await text(socket)}`))
  const { port } = await balancerOf([echo])
  const client = dial(port)
  client.end('all')
  expect(await text(client)).toBe('received all')
})

test('a node that has ended its data still receives the data of the client', async () => {
  const node = new FakeNode('a')
  const { port } = await balancerOf([node])
  const client = dial(port)
  expect(await text(client)).toBe('a')
  client.end('and this after it')
  expect(await text(node.sockets[0] as Socket)).toBe('and this after it')
})

test('a reset by a node closes the connection of its client, and no other', async () => {
  const breaking = new FakeNode('a', (socket) => socket.once('data', () => socket.resetAndDestroy()))
  const { port } = await balancerOf([breaking, new FakeNode('b')])
  const client = dial(port)
  client.write('x')
  expect(await text(client)).toBe('')
  expect(await answers(port, 1)).toEqual(['b'])
})

test('a reset by a client closes its connection to the node', async () => {
  const node = new FakeNode('a', (socket) => void socket.resume().write('welcome'))
  const { port } = await balancerOf([node])
  const client = dial(port)
  await once(client, 'data')
  const ended = once(node.sockets[0] as Socket, 'end')
  client.resetAndDestroy()
  expect(await ended).toEqual([])
})
