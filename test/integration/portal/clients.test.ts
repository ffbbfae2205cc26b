import { describe, expect, test } from 'vitest'
import { connect, enter, ok } from '../../support/client.ts'
import { libraries, startWith } from '../../support/client-libraries.ts'
import { lose, newRoom, startNode } from '../../support/node.ts'

/** Each client library that OWT’s SDKs use, over each transport. */
const transports = [['websocket'], ['polling'], ['polling', 'websocket']]

const node = await startNode()

describe.each(libraries)('socket.io-client %s', (_library, io) => {
  const start = (names: string[]) => startWith(io, node.url, names)

  test.each(transports)(
    'over %s and %s logs in, exchanges texts, resumes, refreshes its ticket and logs out',
    async (...names) => {
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
    },
  )

  test.each(transports)(
    'over %s and %s confirms an ack, which invalidates the token and the ticket before',
    async (...names) => {
      const used = names.filter((name) => name !== undefined)
      const room = newRoom()
      const ann = await start(used)
      await ann.login({ room })
      const back = await start(used)
      await back.relogin(ann.ticket)
      await back.whenConfirmed()
      const thief = await connect(node.url)
      expect((await thief.request('relogin', ann.ticket)).error).toBe('Reconnection is not allowed')
      expect(await back.barrier()).toEqual([])
      back.socket.disconnect()
    },
  )

  test('receives an error ack when its login is refused, then the node disconnects', async () => {
    const ann = await start(['websocket'])
    expect((await ann.request('login', { protocol: 'x' })).error).toBe('Unknown client protocol')
    expect(await ann.closed).toBe('io server disconnect')
  })
})
