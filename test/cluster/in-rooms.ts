import { expect, test } from 'vitest'
import { type Client, connect } from '../support/client.ts'
import { newRoom } from '../support/node.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

/** How a dialect in which one enters rooms says what these tests want to be said. */
export type Ways = {
  namespace: string
  enter: (node: { url: string }, room: string) => Promise<Client>
  /** Something with a number in it, to everyone else, under a `rid`. */
  say: (client: Client, room: string, number: number) => Promise<unknown>
  heard: string
  left: string
}

export async function startThree(): Promise<[NodeProcess, NodeProcess, NodeProcess]> {
  const env = { RECONNECT_WINDOW: 20 }
  const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
  return nodes as [NodeProcess, NodeProcess, NodeProcess]
}

const numbers = (client: Client, heard: string) =>
  client.seen.filter(({ event }) => event === heard).map(({ data }) => Number(data))

async function until(client: Client, heard: string, last: number): Promise<void> {
  while (numbers(client, heard).at(-1) !== last) await client.next(heard)
}

/** The same participant on another node, with what it last saw. */
async function moved(client: Client, node: { url: string }, namespace: string): Promise<Client> {
  const back = await connect(node.url, { namespace })
  const seq = client.seq
  expect(await back.relogin({ ticket: client.ticket, seq })).toMatchObject({ complete: true, seq })
  expect(back.id).toBe(client.id)
  return back
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** What every such dialect promises, on three nodes. */
export function describeInRooms({ namespace, enter, say, heard, left }: Ways): void {
  test('during a relogin on another node each message arrives once, and no participant is seen leaving', async () => {
    const [first, second, third] = await startThree()
    const room = newRoom()
    const [speaker, listener] = [await enter(third, room), await enter(first, room)]
    const said = range(1, 60).map((number) => say(speaker, room, number))
    await listener.next(heard)
    const back = await moved(listener, second, namespace)
    await Promise.all([...said, listener.closed])
    await say(speaker, room, 61) // the old connection may have been handed all of the others
    await until(back, heard, 61)
    // what the old connection was handed after the relogin had begun is not counted: nobody would look at it any more
    const rest = numbers(back, heard)
    const start = rest[0] ?? 61
    expect(rest).toEqual(range(start, 61))
    expect(numbers(listener, heard).slice(0, start - 1)).toEqual(range(1, start - 1))
    expect(speaker.seen.filter(({ event }) => event === left)).toEqual([])
  })

  test('after a node is killed no message is lost or duplicated in either direction', async () => {
    const [doomed, second, third] = await startThree()
    const room = newRoom()
    const [speaker, listener] = [await enter(third, room), await enter(doomed, room)]
    await Promise.all(range(1, 20).map((number) => say(speaker, room, number)))
    await until(listener, heard, 20)
    expect(await say(listener, room, 1)).toBeDefined()
    doomed.kill('SIGKILL')
    await listener.closed
    await Promise.all(range(21, 40).map((number) => say(speaker, room, number)))
    const back = await moved(listener, second, namespace)
    await say(back, room, 1) // the ack may have been lost: the same number again
    await say(back, room, 2)
    await until(back, heard, 40)
    await until(speaker, heard, 2)
    expect(numbers(listener, heard)).toEqual(range(1, 20))
    expect(numbers(back, heard)).toEqual(range(21, 40))
    expect(numbers(speaker, heard)).toEqual([1, 2])
    expect(speaker.seen.filter(({ event }) => event === left)).toEqual([])
  })
}
