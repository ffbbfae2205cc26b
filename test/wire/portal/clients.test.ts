import { createRequire } from 'node:module'
import { io as io4, type Socket } from 'socket.io-client'
import { describe, expect, test } from 'vitest'
import { Client, connect, enter, ok } from '../../support/client.ts'
import { lose, newRoom, startNode } from '../../support/node.ts'

/** Each client library that OWT's SDKs and their users have, over each transport; 2.x speaks Socket.IO protocol 4. */
type Connect = (url: string, options: object) => Socket
const require = createRequire(import.meta.url)
const libraries: [string, Connect][] = [
  ['2.x', require('socket.io-client-2')],
  ['3.x', require('socket.io-client-3').io],
  ['4.x', io4],
]
const transports = [['websocket'], ['polling'], ['polling', 'websocket']]

const node = await startNode()

/** 2.x has no onAny: what it gives to listeners is taken where it does so. */
function wrap(socket: Socket): Client {
  if (typeof socket.onAny === 'function') return new Client(socket)
  const client: Client = new Client(
    Object.assign(socket, { onAny: (hear: (...args: unknown[]) => void) => hearAll(socket, hear) }),
  )
  return client
}

function hearAll(socket: Socket, hear: (...args: unknown[]) => void): Socket {
  for (const event of ['participant', 'text', 'stream', 'progress', 'drop']) {
    socket.on(event, (...args: unknown[]) => hear(event, ...args))
  }
  return socket
}

describe.each(libraries)('socket.io-client %s', (_library, io) => {
  async function start(names: string[]): Promise<Client> {
    const client = wrap(io(node.url, { transports: names, forceNew: true, reconnection: false }))
    await client.connected
    return client
  }

  test.each(transports)('over %s and %s: login, texts both ways, relogin, tickets, logout', async (...names) => {
    const used = names.filter((name) => name !== undefined)
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const ann = await start(used)
    await ann.login({ room, user: 'ann' })
    await bob.next('participant')
    await ann.ask('text', { to: bob.id, message: 'from Ann' })
    expect((await bob.next('text')).data).toEqual({ from: ann.id, to: 'me', message: 'from Ann' })
    await bob.ask('text', { to: ann.id, message: 'from Bob' })
    expect(await ann.next()).toMatchObject({ data: { message: 'from Bob' }, meta: { seq: 4, from: bob.id } })
    const refreshed = await ann.ask('refreshReconnectionTicket')
    await lose(node, ann)

    await bob.ask('text', { to: 'all', message: 'missed' })
    const back = await start(used)
    const flushed = back.request('text', { to: bob.id, message: 'flushed' })
    await back.relogin(refreshed)
    expect(await flushed).toEqual(ok())
    expect((await back.next()).data).toMatchObject({ message: 'missed' })
    expect(await back.barrier()).toEqual([])
    expect((await bob.next('text')).data).toMatchObject({ message: 'missed' })
    expect((await bob.next('text')).data).toMatchObject({ message: 'flushed' })
    expect(await back.request('logout')).toEqual(ok())
    expect((await bob.next('participant')).data).toEqual({ action: 'leave', data: ann.id })
    back.socket.disconnect()
  })

  test.each(transports)('over %s and %s: a sign of life spends the token and the ticket before', async (...names) => {
    const used = names.filter((name) => name !== undefined)
    const room = newRoom()
    const ann = await start(used)
    await ann.login({ room })
    const back = await start(used)
    await back.relogin(ann.ticket)
    await back.settled()
    const thief = await connect(node.url)
    expect((await thief.request('relogin', ann.ticket)).error).toBe('Reconnection is not allowed')
    expect(await back.barrier()).toEqual([])
    back.socket.disconnect()
  })

  test('is told why it is refused: an error ack, then the end', async () => {
    const ann = await start(['websocket'])
    expect((await ann.request('login', { protocol: 'x' })).error).toBe('Unknown client protocol')
    expect(await ann.closed).toBe('io server disconnect')
  })
})
