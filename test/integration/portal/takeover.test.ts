import { describe, expect, test } from 'vitest'
import { newId } from '../../../src/core/ids.ts'
import { roomIdOf } from '../../../src/core/model.ts'
import { type Client, connect, enter, refusal } from '../../support/client.ts'
import { publishBoth, subscribeBoth } from '../../support/media.ts'
import { newRoom, startCluster, type TestNode } from '../../support/node.ts'

const [here, there] = (await startCluster(2)) as [TestNode, TestNode]

describe.each([
  ['on the same node', here],
  ['on another node', there],
])('a relogin %s while the old connection is open', (_name, target) => {
  test('takes over: the node closes the old connection, no leave is notified, and later writes of the old connection are refused', async () => {
    const room = newRoom()
    const bob = await enter(here.url, { room })
    const ann = await enter(here.url, { room })
    await bob.next('participant')
    const back = await connect(target.url)
    await back.relogin(ann.ticket)
    if (ann.socket.connected) ann.socket.emit('text', { to: 'all', message: 'late' })
    expect(await ann.closed).toBe('io server disconnect')
    await back.ask('text', { to: 'all', message: 'new' })
    expect((await bob.barrier()).map(({ data }) => Object(data).message)).toEqual(['new'])
    expect(back.id).toBe(ann.id)
  })

  test('receives later notifications, and the closed old connection does not', async () => {
    const room = newRoom()
    const bob = await enter(there.url, { room })
    const ann = await enter(here.url, { room })
    const back = await connect(target.url)
    await back.relogin({ ticket: ann.ticket, seq: ann.seq })
    await ann.closed // the disconnect and the room’s messages reach another node in any order
    await bob.ask('text', { to: ann.id, message: 'one' })
    expect(await back.next()).toMatchObject({ event: 'text', data: { message: 'one' } })
    expect(ann.seen).toEqual([])
  })
})

test('after a takeover the store refuses the next write of a previous connection that was not closed, and its node closes it', async () => {
  const room = newRoom()
  const bob = await enter(here.url, { room })
  const ann = await enter(here.url, { room })
  await bob.next('participant')
  const { ticketId } = JSON.parse(Buffer.from(ann.ticket, 'base64').toString())
  const moved = { room: roomIdOf('portal', room), id: ann.id, node: 'elsewhere', ticketId, nextTicketId: newId() }
  await there.app.store.sessionStore.resume(moved)
  const answer = await ann.request('text', { to: 'all', message: 'late' })
  expect(answer).toEqual(refusal('Participant has NOT joined', 'moved'))
  expect(await ann.closed).toBe('io server disconnect')
  expect(await bob.barrier()).toEqual([])
})

test('a session that moves back and forth during a conversation misses nothing and receives nothing twice', async () => {
  const room = newRoom()
  const bob = await enter(here.url, { room })
  let ann = await enter(here.url, { room })
  let { seq } = ann
  const read: unknown[] = []
  const gather = (client: Client) => {
    for (const { event, data, meta } of client.seen) {
      if (event !== 'text') continue
      read.push(Object(data).message)
      seq = meta?.seq ?? seq
    }
  }
  let sent = 0
  const sendText = () => bob.ask('text', { to: ann.id, message: `${sent++}` })
  for (let turn = 0; turn < 12; turn += 1) {
    await Promise.all([sendText(), sendText(), sendText()])
    const talking = [sendText(), sendText(), sendText()]
    const next = await connect((turn % 3 === 0 ? here : there).url)
    // messages in flight to the old connection do not matter: the client names what it has received
    gather(ann)
    await next.relogin({ ticket: ann.ticket, seq })
    await Promise.all(talking)
    ann = next
  }
  await ann.barrier()
  gather(ann)
  const ofBob = read.filter((message) => !String(message).startsWith('barrier'))
  expect(ofBob).toEqual(Array.from({ length: sent }, (_, index) => `${index}`))
})

test('progress that the old connection has received is never sent again, although a text may be', async () => {
  const room = newRoom()
  const bob = await enter(here.url, { room })
  const stream = await publishBoth(bob)
  const ann = await enter(here.url, { room })
  const subscription = await subscribeBoth(ann, stream)
  await bob.ask('soac', { id: subscription, signaling: { type: 'answer' } })
  await bob.ask('text', { to: ann.id, message: 'before' })
  await ann.next('text')
  const back = await connect(there.url)
  await back.relogin(ann.ticket)
  await bob.ask('soac', { id: subscription, signaling: { type: 'candidate' } })
  await back.barrier()
  const notified = [...ann.seen, ...back.seen].filter(({ event }) => event === 'progress')
  expect(notified.map(({ data }) => Object(data).data)).toEqual([{ type: 'answer' }, { type: 'candidate' }])
})

test('the texts of a participant that moves to another connection are delivered in the order in which it sent them', async () => {
  const room = newRoom()
  const bob = await enter(there.url, { room })
  const ann = await enter(here.url, { room })
  await ann.ask('text', { to: bob.id, message: 'from here' })
  const back = await connect(there.url)
  await back.relogin(ann.ticket)
  await back.ask('text', { to: bob.id, message: 'from there' })
  const came = [await bob.next('text'), await bob.next('text')]
  expect(came.map(({ data }) => data)).toEqual([
    { from: ann.id, to: 'me', message: 'from here' },
    { from: ann.id, to: 'me', message: 'from there' },
  ])
})
