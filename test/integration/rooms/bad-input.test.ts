import { expect, test } from 'vitest'
import { rooms } from '../../../src/protocol/rooms.ts'
import { connect, ok } from '../../support/client.ts'
import { inRoom } from '../../support/dialects.ts'
import { newRoom, startNode } from '../../support/node.ts'
import { badArguments } from '../bad-arguments.ts'

const node = await startNode()
const events = [...Object.keys(rooms), 'nonsense']
/** These end the session or the connection when they are accepted. They have no data that could be invalid. */
const ends = new Set(['relogin', 'logout', 'leave_room'])

test.each(events.filter((event) => !ends.has(event)))('%s with any arguments gets exactly one ack', async (event) => {
  const client = await inRoom(node, newRoom(), 'ann')
  for (const args of badArguments()) {
    const answer = await new Promise<unknown[]>((resolve, reject) => {
      let acks = 0
      client.socket.emit(event, ...args, (...ack: unknown[]) => {
        acks += 1
        if (acks > 1) reject(new Error('Two acks'))
        resolve(ack)
      })
    })
    if (answer[0] !== 'ok') {
      expect(answer).toEqual(['error', expect.stringMatching(/\S/), { code: expect.stringMatching(/^[a-z_]+$/) }])
    }
    client.socket.emit(event, ...args)
  }
  expect(await client.request('new_message', 'here')).toEqual(ok())
  expect(node.logs.lines.filter(({ level }) => level >= 50)).toEqual([])
})

test.each(['nickname', 'enter_room', 'direct_message', 'nonsense'])(
  '%s with invalid arguments is refused',
  async (event) => {
    const client = await inRoom(node, newRoom())
    for (const args of [[], [null], [5], [{}], [[]], [' '], [{ payload: 5 }], [true, 'x']]) {
      expect(await client.request(event, ...args)).toMatchObject({ status: 'error' })
    }
  },
)

test('requests with any arguments before a login end neither the process nor the connection', async () => {
  const client = await connect(node.url, { namespace: '/rooms' })
  for (const event of events.filter((event) => event !== 'relogin')) {
    for (const args of badArguments()) client.socket.emit(event, ...args)
  }
  expect(await client.request('leave_room')).toBeDefined()
  expect(client.socket.connected).toBe(true)
  expect(node.logs.lines.filter(({ level }) => level >= 50)).toEqual([])
})
