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
    const look = (data: unknown) => {
      if (!String(data).startsWith(start)) return
      socket.off('message', look)
      resolve(String(data))
    }
    socket.on('message', look)
    socket.once('close', () => reject(new Error(`Closed before ${start}`)))
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

/** Connections that log in or relog in with what is none, each once. So many at once that most are not held back. */
export async function garbageLogins(target: Target, times: number): Promise<void> {
  await many(times, 2000, async (index) => {
    const socket = await connected(target)
    const asked = garbage[index % garbage.length]?.(index)
    socket.send(`420${JSON.stringify(asked)}`)
    await closed(socket)
  })
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
 * Members, in rooms of 50, whose sockets are not read any more, while somebody in each room goes on speaking. Ends when
 * `enough` of them were let go. Resolves to how many bytes were said to them.
 */
export async function slowReaders(target: Target, count: number, enough: () => Promise<boolean>): Promise<number> {
  const size = 50
  const rooms = Array.from({ length: count / size }, (_, n) => `slow ${n}`)
  const readers: WebSocket[] = []
  await many(count, 20, async (index) => {
    const socket = await member(target, rooms[index % rooms.length] ?? '', 'reader')
    socket.pause()
    readers.push(socket)
  })
  const speakers = await Promise.all(rooms.map((room) => member(target, room, 'speaker')))
  const message = JSON.stringify(['text', { to: 'all', message: 'x'.repeat(2000) }])
  let said = 0
  for (let id = 1; !(await enough()); ) {
    // several at once, and no more before they are acked
    const acks = speakers.map((socket) => answer(socket, `43${id + 9}[`))
    for (const socket of speakers) for (let n = 0; n < 10; n += 1) socket.send(`42${id + n}${message}`)
    await Promise.all(acks)
    id += 10
    said += message.length * 10 * count
  }
  for (const socket of [...speakers, ...readers]) socket.terminate()
  return said
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
