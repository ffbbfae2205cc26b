import { describe, expect, test } from 'vitest'
import { roomIdOf } from '../../../src/core/model.ts'
import { createMemoryStore } from '../../../src/state/memory/index.ts'
import { type Client, connect, enter, loginInfo, refusal } from '../../support/client.ts'
import { listed, mesh, publishBoth, subscribeBoth } from '../../support/media.ts'
import { lose, newRoom, startNode } from '../../support/node.ts'
import { expectRefused } from '../../support/pair.ts'

const node = await startNode()
/** A node whose rooms keep only the last three messages. */
const small = await startNode({ parts: { store: createMemoryStore({ window: 60, log: 600, entries: 3, lease: 6 }) } })

/** Ann, whose connection is lost, and Bob, who has sent these texts since. */
async function annDisconnected(messages: string[] = [], protocol: '1.0' | '1.1' | '1.2' | 'legacy' = '1.2') {
  const room = newRoom()
  const bob = await enter(node.url, { room, user: 'bob' })
  const ann = await enter(node.url, { room, user: 'ann', protocol })
  await bob.next('participant')
  await lose(node, ann)
  for (const message of messages) await bob.ask('text', { to: 'all', message })
  const back = await connect(node.url)
  return { room, ann, bob, back }
}

const texts = (client: Client) =>
  client.seen.filter(({ event }) => event === 'text').map(({ data }) => Object(data).message)

describe('with a ticket alone', () => {
  test('the ack is a new ticket, then the missed messages arrive, then live ones', async () => {
    const { ann, bob, back } = await annDisconnected(['one', 'two'])
    const { status, data } = await back.request('relogin', ann.ticket)
    expect(status).toBe('ok')
    expect(data).toEqual(expect.any(String))
    expect(data).not.toBe(ann.ticket)
    await bob.ask('text', { to: 'all', message: 'three' })
    const from = bob.id
    for (const [index, message] of ['one', 'two', 'three'].entries()) {
      const notification = { event: 'text', data: { from, to: 'all', message }, meta: { seq: index + 3, from } }
      expect(await back.next()).toEqual(notification)
    }
  })

  test('a relogin keeps the participant, and the others receive no notification', async () => {
    const { ann, bob, back } = await annDisconnected()
    await bob.ask('text', { to: ann.id, message: 'sent while Ann is disconnected' })
    await back.relogin(ann.ticket)
    expect(back.id).toBe(ann.id)
    expect((await back.next('text')).data).toEqual({
      from: bob.id,
      to: 'me',
      message: 'sent while Ann is disconnected',
    })
    await back.ask('text', { to: bob.id, message: 'resumed' })
    expect(await bob.next()).toMatchObject({ event: 'text', data: { from: ann.id, message: 'resumed' } })
    expect(await bob.barrier()).toEqual([])
  })

  test('a message that the client has received does not arrive again', async () => {
    const { bob, ann, back } = await annDisconnected()
    await back.relogin(ann.ticket)
    await bob.ask('text', { to: 'all', message: 'seen' })
    await back.next('text')
    await back.barrier()
    await lose(node, back)
    const third = await connect(node.url)
    await third.relogin(back.ticket)
    expect(await third.barrier()).toEqual([])
  })

  test('missed progress arrives once, and not again after another relogin', async () => {
    const { ann, bob, back } = await annDisconnected()
    const stream = await publishBoth(bob)
    await back.relogin(ann.ticket)
    const subscription = await subscribeBoth(back, stream)
    await lose(node, back)
    const signaling = { type: 'answer', sdp: 'v=0' } as const
    await bob.ask('soac', { id: subscription, signaling, to: ann.id })
    const third = await connect(node.url)
    await third.relogin(back.ticket)
    const came = await third.barrier()
    expect(came.map(({ event }) => event)).toEqual(['progress'])
    await lose(node, third)
    const fourth = await connect(node.url)
    await fourth.relogin(third.ticket)
    expect(await fourth.barrier()).toEqual([])
  })

  test.each(['legacy', '1.0', '1.1', '1.2'] as const)(
    'a session of protocol %s resumes, and keeps its protocol',
    async (protocol) => {
      const { ann, bob, back } = await annDisconnected([], protocol)
      await bob.ask('publish', { media: null, data: true, transport: mesh })
      const { status, data } = await back.request('relogin', ann.ticket)
      expect(status).toBe(protocol === 'legacy' ? 'success' : 'ok')
      expect(data).toEqual(expect.any(String))
      await bob.ask('text', { to: ann.id, message: 'hi' })
      const expected = protocol === 'legacy' ? ['custom_message'] : ['stream', 'text']
      for (const event of expected) expect((await back.next()).event).toBe(event)
      const refused = await back.request(protocol === 'legacy' ? 'text' : 'customMessage', {})
      expect(refused).toEqual(refusal('Unknown event', 'unknown_event'))
    },
  )
})

describe('with { ticket, seq }', () => {
  test('exactly the messages after seq arrive, and the ack names the seq', async () => {
    const { ann, back } = await annDisconnected(['one', 'two', 'three'])
    const { status, data } = await back.request('relogin', { ticket: ann.ticket, seq: 4 })
    expect({ status, data }).toEqual({
      status: 'ok',
      data: { ticket: expect.any(String), seq: 4, complete: true },
    })
    expect(await back.next()).toMatchObject({ event: 'text', data: { message: 'three' }, meta: { seq: 5 } })
  })

  test('a message that was sent arrives again if the client names a smaller seq', async () => {
    const room = newRoom()
    const ann = await enter(node.url, { room })
    const { seq } = ann
    for (const message of ['one', 'two', 'three']) await ann.ask('text', { to: 'all', message })
    await ann.next('text')
    const back = await connect(node.url)
    await back.relogin({ ticket: ann.ticket, seq: seq + 1 })
    await back.barrier()
    expect(texts(back).slice(0, 2)).toEqual(['two', 'three'])
  })

  test('a relogin without seq works as with a ticket alone, and its ack is an object', async () => {
    const { ann, back } = await annDisconnected(['one'])
    const { data } = await back.request('relogin', { ticket: ann.ticket })
    expect(data).toEqual({ ticket: expect.any(String), seq: 2, complete: true })
    expect(await back.next()).toMatchObject({ data: { message: 'one' } })
  })

  test('a seq before the login counts as the seq of the login, so earlier messages do not arrive', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    await bob.ask('text', { to: 'all', message: 'secret' })
    const ann = await enter(node.url, { room })
    await bob.ask('text', { to: 'all', message: 'for all' })
    const back = await connect(node.url)
    expect(await back.relogin({ ticket: ann.ticket, seq: 0 })).toMatchObject({ seq: 3, complete: true })
    await back.barrier()
    expect(texts(back)[0]).toBe('for all')
  })

  test('a seq beyond the head of the room counts as the head', async () => {
    const { ann, back } = await annDisconnected(['one'])
    expect(await back.relogin({ ticket: ann.ticket, seq: 1e6 })).toMatchObject({ seq: 3, complete: true })
    expect(await back.barrier()).toEqual([])
  })

  test.each([-1, 1.5, '3', null, Number.MAX_SAFE_INTEGER + 1, {}])(
    'a relogin with seq %s is refused as a bad ticket',
    async (seq) => {
      const { ann, bob, back } = await annDisconnected()
      expect(await back.request('relogin', { ticket: ann.ticket, seq })).toMatchObject({ code: 'bad_ticket' })
      await back.closed
      const again = await connect(node.url)
      await again.relogin(ann.ticket)
      expect(await bob.barrier()).toEqual([])
    },
  )
})

describe('when the log has trimmed missed messages', () => {
  test.each(['1.0', '1.1', '1.2'] as const)(
    'the ack has the present room in the format of protocol %s, and no missed message arrives',
    async (protocol) => {
      const room = newRoom()
      const bob = await enter(small.url, { room, user: 'bob' })
      const ann = await enter(small.url, { room, user: 'ann', protocol })
      await lose(small, ann)
      const stream = await publishBoth(bob)
      for (const message of ['one', 'two', 'three', 'four']) await bob.ask('text', { to: 'all', message })
      const back = await connect(small.url)
      expect(await back.relogin({ ticket: ann.ticket, seq: ann.seq })).toEqual({
        ticket: expect.any(String),
        seq: 8,
        complete: false,
        room: {
          id: room,
          views: ['common'],
          participants: [
            { id: bob.id, user: 'bob', role: 'presenter' },
            { id: ann.id, user: 'ann', role: 'presenter' },
          ],
          streams: [listed(protocol, stream, bob.id)],
        },
      })
      await bob.ask('text', { to: 'all', message: 'five' })
      expect(await back.next()).toMatchObject({ event: 'text', data: { message: 'five' }, meta: { seq: 9 } })
    },
  )

  test('a relogin with a ticket alone succeeds, and live messages arrive', async () => {
    const room = newRoom()
    const bob = await enter(small.url, { room })
    const ann = await enter(small.url, { room })
    await lose(small, ann)
    for (const message of ['one', 'two', 'three', 'four']) await bob.ask('text', { to: 'all', message })
    const back = await connect(small.url)
    expect(await back.relogin(ann.ticket)).toEqual(expect.any(String))
    expect(await back.barrier()).toEqual([])
  })

  test('a legacy client receives the snapshot in the legacy format', async () => {
    const room = newRoom()
    const bob = await enter(small.url, { room, user: 'bob' })
    const ann = await enter(small.url, { room, user: 'ann', protocol: 'legacy' })
    await lose(small, ann)
    for (const message of ['one', 'two', 'three', 'four']) await bob.ask('text', { to: 'all', message })
    const back = await connect(small.url)
    const { status, data } = await back.request('relogin', { ticket: ann.ticket, seq: ann.seq })
    expect(status).toBe('success')
    const role = 'presenter'
    const users = [
      { id: bob.id, name: 'bob', role },
      { id: ann.id, name: 'ann', role },
    ]
    expect(data).toMatchObject({ complete: false, room: { id: room, users, streams: [] } })
  })
})

describe('over a connection that has a session', () => {
  test('a relogin is refused while a login waits for its answer', async () => {
    const { ann, back, room } = await annDisconnected()
    const [login, relogin] = await Promise.all([
      back.request('login', loginInfo({ room })),
      back.request('relogin', ann.ticket),
    ])
    expect(login.status).toBe('ok')
    expect(relogin).toEqual(refusal('Connection is in service', 'in_service'))
    const third = await connect(node.url)
    await third.relogin(ann.ticket)
  })
})

describe('when the participant has left', () => {
  const gone = refusal('Client does NOT exist', 'participant_gone')

  test('a relogin after a logout is refused', async () => {
    const ann = await enter(node.url, { room: newRoom() })
    await ann.ask('logout')
    await expectRefused(node.url, 'relogin', ann.ticket, gone)
  })

  test('a relogin after a drop by management is refused', async () => {
    const room = newRoom()
    const ann = await enter(node.url, { room })
    await node.app.sessions.drop(roomIdOf('portal', room), ann.id)
    await ann.closed
    await expectRefused(node.url, 'relogin', ann.ticket, gone)
  })
})
