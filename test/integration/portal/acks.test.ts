import { describe, expect, test } from 'vitest'
import { connect, loginInfo, ok } from '../../support/client.ts'
import { mesh } from '../../support/media.ts'
import { startNode } from '../../support/node.ts'
import { enterPair } from '../../support/pair.ts'

const node = await startNode()

const hi = { to: 'all', message: 'hi' }

describe('the ack of a request', () => {
  test.each([
    ['may be missing', []],
    ['may be null', [null]],
    ['may be anything but a function', ['ack', 7, {}]],
  ])('%s, and the request is performed', async (_name, rest) => {
    const { ann, bob } = await enterPair(node.url)
    ann.socket.emit('text', hi, ...rest)
    expect((await bob.next()).data).toEqual({ from: ann.id, ...hi })
  })

  test.each([
    ['null', [null]],
    ['several things', [undefined, 5, 'x', [], { to: 'nobody' }]],
  ])('may follow %s, as OWT’s native SDKs send it', async (_name, between) => {
    const { ann, bob } = await enterPair(node.url)
    expect(await ann.request('text', hi, ...between)).toEqual(ok())
    expect((await bob.next()).data).toEqual({ from: ann.id, ...hi })
  })

  test('may be missing from a refused request, which then has no effect', async () => {
    const { ann, bob } = await enterPair(node.url)
    for (const data of [null, {}, { to: 'nobody', message: '' }]) ann.socket.emit('text', data)
    ann.socket.emit('nothing of ours')
    expect(await ann.barrier()).toEqual([])
    expect(await bob.barrier()).toEqual([])
  })

  test('may be missing from login and relogin', async () => {
    const { bob, room } = await enterPair(node.url)
    const ann = await connect(node.url)
    ann.socket.emit('login', loginInfo({ room }), null)
    expect((await bob.next()).event).toBe('participant')
    expect(await ann.request('text', hi)).toEqual(ok())
    expect((await bob.next()).event).toBe('text')
    const back = await connect(node.url)
    back.socket.emit('relogin', bob.ticket)
    expect(await back.request('text', hi)).toEqual(ok())
  })

  test('may be missing from a refused login, and the connection is closed all the same', async () => {
    const ann = await connect(node.url)
    ann.socket.emit('login', null)
    expect(await ann.closed).toBe('io server disconnect')
  })

  test('arrives before the notifications that the request causes', async () => {
    const { ann } = await enterPair(node.url)
    const order: string[] = []
    ann.socket.onAny((event: string) => order.push(event))
    const acked = (name: string) => () => order.push(name)
    ann.socket.emit('text', hi, acked('ack of text'))
    ann.socket.emit('publish', { media: null, data: true, transport: mesh }, acked('ack of publish'))
    await ann.barrier()
    expect(order.slice(0, 5)).toEqual(['ack of text', 'text', 'ack of publish', 'progress', 'stream'])
  })

  test('arrives in the order of the requests', async () => {
    const { ann } = await enterPair(node.url)
    const order: number[] = []
    const requests = Array.from({ length: 50 }, async (_, index) => {
      await ann.request('text', index % 7 === 0 ? null : { to: index % 3 ? 'all' : 'nobody', message: `${index}` })
      order.push(index)
    })
    await Promise.all(requests)
    expect(order).toEqual(requests.map((_, index) => index))
  })
})
