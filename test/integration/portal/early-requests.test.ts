import { describe, expect, test } from 'vitest'
import { type Client, connect, enter, ok, refusal } from '../../support/client.ts'
import { both, mesh } from '../../support/media.ts'
import { lose, newRoom, startNode } from '../../support/node.ts'

const node = await startNode()
const illegal = refusal('Illegal request', 'illegal_request')
const text = (message: string) => ({ to: 'all', message })
const messages = (client: Client) =>
  client.seen.filter(({ event }) => event === 'text').map(({ data }) => Object(data).message)

describe('requests that are sent before the login or relogin', () => {
  test('wait for the login, and are then served in order', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const ann = await connect(node.url)
    const early = [1, 2, 3].map((number) => ann.request('text', text(`${number}`)))
    const published = ann.request('publish', { media: both, transport: mesh })
    await ann.login({ room })
    expect(await Promise.all(early)).toEqual([ok(), ok(), ok()])
    expect((await published).status).toBe('ok')
    await ann.ask('text', text('4'))
    const came = await bob.barrier()
    expect(came.map(({ event }) => event)).toEqual(['participant', 'text', 'text', 'text', 'stream', 'text'])
    expect(messages(bob).slice(0, 4)).toEqual(['1', '2', '3', '4'])
  })

  test('wait for the relogin, because socket.io-client flushes its buffer first; then the missed messages arrive', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const ann = await enter(node.url, { room })
    await lose(node, ann)
    await bob.ask('text', text('missed'))
    const back = await connect(node.url)
    const flushed = [1, 2].map((number) => back.request('text', text(`flushed ${number}`)))
    await back.relogin(ann.ticket)
    expect(await Promise.all(flushed)).toEqual([ok(), ok()])
    await back.barrier()
    expect(messages(back).slice(0, 3)).toEqual(['missed', 'flushed 1', 'flushed 2'])
  })

  test('wait also if they are sent while the login is being answered', async () => {
    const ann = await connect(node.url)
    const first = ann.request('text', text('1'))
    const login = ann.login({ room: newRoom() })
    const answers = [first, ann.request('text', text('2')), ann.request('text', text('3'))]
    await login
    expect(await Promise.all(answers)).toEqual([ok(), ok(), ok()])
    await ann.barrier()
    expect(messages(ann).slice(0, 3)).toEqual(['1', '2', '3'])
  })

  test('wait up to a hundred: the next is refused at once, the others are served', async () => {
    const ann = await connect(node.url)
    const early = Array.from({ length: 100 }, (_, index) => ann.request('text', text(`${index}`)))
    expect(await ann.request('text', text('too many'))).toEqual(illegal)
    await ann.login({ room: newRoom() })
    expect(await Promise.all(early)).toEqual(early.map(() => ok()))
    await ann.barrier()
    expect(messages(ann).slice(0, 100)).toEqual(early.map((_, index) => `${index}`))
  })

  test('are refused if the login is refused, before the connection is closed', async () => {
    const ann = await connect(node.url)
    const answers = [ann.request('text', text('1')), ann.request('login', null), ann.request('text', text('2'))]
    const [first, login, second] = await Promise.all(answers)
    expect(login?.status).toBe('error')
    expect([first, second]).toEqual([illegal, illegal])
    await ann.closed
  })

  test('are refused if no login arrives within ten seconds, and the connection stays', async () => {
    const ann = await connect(node.url)
    const early = [ann.request('text', text('1')), ann.request('text', text('2'))]
    expect(await Promise.all(early)).toEqual([illegal, illegal])
    await ann.login({ room: newRoom() })
    expect(await ann.barrier()).toEqual([])
  })

  test('are refused at once if no protocol version accepts them', async () => {
    const client = await connect(node.url)
    expect(await client.request('text', { to: '', message: '' })).toEqual(
      refusal('Invalid receiver', 'invalid_receiver'),
    )
    expect(await client.request('nothing of ours')).toEqual(refusal('Unknown event', 'unknown_event'))
    expect((await client.request('publish', {})).code).toBe('bad_request')
  })

  test('are refused after the login if they belong to another protocol version', async () => {
    const client = await connect(node.url)
    const legacy = client.request('customMessage', { type: 'data', receiver: 'all', data: 'x' })
    await client.login({ room: newRoom() })
    expect(await legacy).toEqual(refusal('Unknown event', 'unknown_event'))
  })

  test('are not performed again if their rid was performed on an earlier connection', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const ann = await enter(node.url, { room })
    await ann.request('text', text('once'), { rid: 1 })
    const back = await connect(node.url)
    const again = back.request('text', text('once'), { rid: 1 })
    const next = back.request('text', text('next'), { rid: 2 })
    await back.relogin(ann.ticket)
    expect(await Promise.all([again, next])).toEqual([ok(), ok()])
    await bob.barrier()
    expect(messages(bob).slice(0, 2)).toEqual(['once', 'next'])
  })

  test('are never performed if the client disconnects before the login', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const client = await connect(node.url)
    client.socket.emit('text', text('never'))
    await client.request('nothing of ours')
    client.cut()
    const ann = await enter(node.url, { room })
    await ann.ask('text', text('after'))
    await bob.barrier()
    expect(messages(bob)[0]).toBe('after')
  })
})
