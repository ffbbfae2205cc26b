import { describe, expect, test } from 'vitest'
import { type Client, connect, enter } from '../../support/client.ts'
import { newRoom, startCluster, type TestNode } from '../../support/node.ts'

const [here, there] = (await startCluster(2)) as [TestNode, TestNode]

describe.each([
  ['on the same node', here],
  ['on another node', there],
])('a relogin %s while the old connection stands', (_name, elsewhere) => {
  test('wins: the old one is closed, nobody sees anybody leave, and nothing that it still writes counts', async () => {
    const room = newRoom()
    const bob = await enter(here.url, { room })
    const ann = await enter(here.url, { room })
    await bob.next('participant')
    const back = await connect(elsewhere.url)
    await back.relogin(ann.ticket)
    if (ann.socket.connected) ann.socket.emit('text', { to: 'all', message: 'late' })
    expect(await ann.closed).toBe('io server disconnect')
    await back.ask('text', { to: 'all', message: 'new' })
    expect((await bob.barrier()).map(({ data }) => Object(data).message)).toEqual(['new'])
    expect(back.id).toBe(ann.id)
  })

  test('is told what comes from then on, and the old one is not', async () => {
    const room = newRoom()
    const bob = await enter(there.url, { room })
    const ann = await enter(here.url, { room })
    const back = await connect(elsewhere.url)
    await back.relogin({ ticket: ann.ticket, seq: ann.seq })
    await bob.ask('text', { to: ann.id, message: 'one' })
    expect(await back.next()).toMatchObject({ event: 'text', data: { message: 'one' } })
    await ann.closed
    expect(ann.seen).toEqual([])
  })
})

test('a session that is taken back and forth in the middle of a talk misses nothing, and reads nothing twice', async () => {
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
  let said = 0
  const say = () => bob.ask('text', { to: ann.id, message: `${said++}` })
  for (let turn = 0; turn < 12; turn += 1) {
    await Promise.all([say(), say(), say()])
    const talking = [say(), say(), say()]
    const next = await connect((turn % 3 === 0 ? here : there).url)
    // what is on its way to the old connection now is never looked at: the client says how far it has read
    gather(ann)
    await next.relogin({ ticket: ann.ticket, seq })
    await Promise.all(talking)
    ann = next
  }
  await ann.barrier()
  gather(ann)
  const ofBob = read.filter((message) => !String(message).startsWith('barrier'))
  expect(ofBob).toEqual(Array.from({ length: said }, (_, index) => `${index}`))
})

test('each of the two that a participant is on in turn says what it said before: one sender, one order', async () => {
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
