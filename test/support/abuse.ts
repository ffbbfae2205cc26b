import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { writeToken } from '../../src/core/tokens.ts'

/**
 * What an attacker does to a node, with real connections and as cheaply as can be: Socket.IO by hand. All come from
 * another address than everybody else, so that limits by address meet them alone.
 */
export type Target = { url: string; secret: string }

const address = '127.0.0.2'
const closings = new WeakMap<WebSocket, Promise<void>>()

/** A connection, or why there is none: the HTTP status of its refusal. */
async function open({ url }: Target): Promise<WebSocket | number> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`, {
    localAddress: address,
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

const closed = (socket: WebSocket) => closings.get(socket)

/** On the portal. @throws Error when there is no connection */
async function connected(target: Target): Promise<WebSocket> {
  const socket = await open(target)
  if (typeof socket === 'number') throw new Error(`No connection: HTTP ${socket}`)
  const answered = answer(socket, '40')
  socket.send('40')
  await answered
  return socket
}

/** Does something many times, so many at once. */
async function many(times: number, atOnce: number, once: (index: number) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < times) await once(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

function tokenFor({ secret }: Target, room: string, user: string): string {
  const target = { host: 'localhost', secure: false }
  return writeToken([secret], { room, user, role: 'presenter' }, target, Date.now() + 60_000)
}

/** Logged in on the portal. */
async function member(target: Target, room: string, user: string): Promise<WebSocket> {
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

function answer(socket: WebSocket, start: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new Error(`Closed before ${start}`))
    const look = (data: unknown) => {
      if (!String(data).startsWith(start)) return
      socket.off('message', look).off('close', lost)
      resolve(String(data))
    }
    socket.on('message', look).once('close', lost)
  })
}

function keepAlive(socket: WebSocket): void {
  socket.on('message', (data: Buffer) => {
    if (data.length === 1 && String(data) === '2') socket.send('3')
  })
}

const garbage: ((index: number) => unknown[])[] = [
  () => ['login', null],
  (index) => ['login', { token: 'x'.repeat(index % 500), userAgent: { sdk: { type: 'x', version: '1' } } }],
  (index) => [
    'login',
    {
      token: Buffer.from(`{"tokenId":"${index}","host":"h"}`).toString('base64'),
      userAgent: { sdk: { type: 'x', version: '1' } },
    },
  ],
  (index) => ['relogin', Buffer.from(`{"ticketId":"${index}"}`).toString('base64')],
  () => ['relogin', { ticket: 'guess', seq: 1 }],
  (index) => ['relogin', 'x'.repeat(index % 5000)],
]

/** Connections that log in or relog in with what is none, each once. Most are not held back: only a thousand can be. */
export async function garbageLogins(target: Target, times: number): Promise<void> {
  // a thousand are held back at a time; the others go on, and open so many at once as the kernel takes
  const held: Promise<void>[] = []
  await many(times, 64, async (index) => {
    const socket = await connected(target)
    const asked = garbage[index % garbage.length]?.(index)
    socket.send(`420${JSON.stringify(asked)}`)
    const over = closed(socket) ?? Promise.resolve()
    held.push(over)
    await Promise.race([over, pause(20)])
  })
  await Promise.all(held)
}

/** Members that each send `rate` messages a second; resolves to the acks that said ok, and those that did not. */
export async function flood(
  target: Target,
  { members, rate, seconds }: { members: number; rate: number; seconds: number },
): Promise<{ sent: number; accepted: number; refused: number }> {
  const told = { sent: 0, accepted: 0, refused: 0 }
  const sockets = await Promise.all(Array.from({ length: members }, (_, n) => member(target, `flood ${n}`, 'flooder')))
  const step = 20
  await Promise.all(
    sockets.map(async (socket) => {
      const all = rate * seconds
      let answers = 0
      const done = new Promise<void>((resolve, reject) => {
        socket.once('close', () => reject(new Error('The flooder was disconnected')))
        socket.on('message', (data) => {
          const [, ok] = /^43\d+\["(ok)?/.exec(String(data)) ?? []
          if (!String(data).startsWith('43')) return
          told[ok ? 'accepted' : 'refused'] += 1
          answers += 1
          if (answers === all) resolve()
        })
      })
      for (let sent = 0; sent < all; sent += (rate * step) / 1000) {
        for (let n = 0; n < (rate * step) / 1000; n += 1) {
          socket.send(`42${sent + n + 1}["text",{"to":"admin","message":"x"}]`)
          told.sent += 1
        }
        await pause(step)
      }
      await done
    }),
  )
  for (const socket of sockets) socket.terminate()
  return told
}

/**
 * Participants of channels of 50 that take nothing any more: one in twenty has a socket that is not read, for which the
 * kernel keeps some megabytes before the node has to, and the others do not poll, while somebody in each channel goes on sending 60 KB at a time. Ends when `enough` of them were let go.
 */
export async function slowReaders(target: Target, count: number, enough: () => Promise<boolean>): Promise<void> {
  const channels = Array.from({ length: count / 50 }, (_, n) => `slow ${n}`)
  const agent = new Agent({ keepAlive: true, maxSockets: 20, localAddress: address })
  const sockets: WebSocket[] = []
  await many(count, 20, async (index) => {
    const channel = channels[Math.floor(index / 50)] ?? ''
    if (index % 20 > 0) return pollOnce(target, agent, channel)
    const socket = await inChannel(target, channel)
    socket.pause()
    sockets.push(socket)
  })
  const speakers = await Promise.all(channels.map((channel) => inChannel(target, channel)))
  const descriptor = 'x'.repeat(60_000)
  for (let id = 2; !(await enough()); id += 1) {
    const acks = speakers.map((socket) => answer(socket, `43/exchanger,${id}[`))
    for (const [index, socket] of speakers.entries()) {
      const offer = { channelName: channels[index], sessionDescriptor: descriptor }
      socket.send(`42/exchanger,${id}${JSON.stringify(['offer', offer])}`)
    }
    await Promise.all(acks)
    await pause(250) // it is they who are slow, not the node that is busy
  }
  for (const socket of [...speakers, ...sockets]) socket.terminate()
  agent.destroy()
}

const joining = (channelName: string) => `42/exchanger,1${JSON.stringify(['joinStream', { channelName }])}`

async function inChannel(target: Target, channel: string): Promise<WebSocket> {
  const socket = await open(target)
  if (typeof socket === 'number') throw new Error(`No connection: HTTP ${socket}`)
  keepAlive(socket)
  for (const [packet, answered] of [
    ['40/exchanger,', '40/exchanger,'],
    [joining(channel), '43/exchanger,1["ok"'],
  ] as const) {
    const came = answer(socket, answered)
    socket.send(packet)
    await came
  }
  return socket
}

/** In a channel by long-polling, as far as the ack; then it asks for nothing more. */
async function pollOnce({ url }: Target, agent: Agent, channel: string): Promise<void> {
  const path = `${url}/socket.io/?EIO=4&transport=polling`
  const { sid } = JSON.parse((await ask(agent, path)).slice(1)) as { sid: string }
  for (const packet of ['40/exchanger,', joining(channel)]) {
    await ask(agent, `${path}&sid=${sid}`, packet)
    await ask(agent, `${path}&sid=${sid}`)
  }
}

function ask(agent: Agent, url: string, body?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, method: body === undefined ? 'GET' : 'POST' }, (response) => {
      let text = ''
      response.on('data', (data) => (text += data)).on('end', () => resolve(text))
    })
    asked.on('error', reject).end(body)
  })
}

/** Connections of one address, all kept; resolves to how many were let in, and what the others were told. */
export async function crowd(target: Target, count: number): Promise<{ in: number; out: { [status: number]: number } }> {
  const inside: WebSocket[] = []
  const out: { [status: number]: number } = {}
  await many(count, 100, async () => {
    const socket = await open(target)
    if (typeof socket === 'number') out[socket] = (out[socket] ?? 0) + 1
    else inside.push(socket)
  })
  for (const socket of inside) socket.terminate()
  return { in: inside.length, out }
}

/** Frames of a megabyte from connections that are logged in, one after the other on each; resolves to the refusals. */
export async function largeFrames(target: Target, members: number, frames: number): Promise<number> {
  const data = `["text",{"to":"all","message":"${'x'.repeat(1_000_000)}"}]`
  let refused = 0
  await many(members, members, async (index) => {
    const socket = await member(target, `large ${index}`, 'shouter')
    for (let frame = 1; frame <= frames; frame += 1) {
      const answered = answer(socket, `43${frame}[`)
      socket.send(`42${frame}${data}`)
      if ((await answered).includes('too_large')) refused += 1
    }
    socket.terminate()
  })
  return refused
}
