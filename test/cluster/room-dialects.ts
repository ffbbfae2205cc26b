import { expect, test } from 'vitest'
import { type Client, connect } from '../support/client.ts'
import { newRoom } from '../support/node.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

/** A dialect with rooms: how its client enters a room and sends a message. */
export type RoomDialect = {
  namespace: string
  enter: (node: { url: string }, room: string) => Promise<Client>
  /** Sends a message with a number to all others. The number is also its `rid`. */
  send: (client: Client, room: string, number: number) => Promise<unknown>
  event: string
  leaveEvent: string
}

export async function startThree(): Promise<[NodeProcess, NodeProcess, NodeProcess]> {
  const env = { RECONNECT_WINDOW: 20 }
  const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
  return nodes as [NodeProcess, NodeProcess, NodeProcess]
}

const numbersOf = (client: Client, event: string) =>
  client.seen.filter((notification) => notification.event === event).map(({ data }) => Number(data))

async function untilReceived(client: Client, event: string, last: number): Promise<void> {
  while (numbersOf(client, event).at(-1) !== last) await client.next(event)
}

/** Resumes a participant on another node with its last `seq`. */
async function resumeOn(client: Client, node: { url: string }, namespace: string): Promise<Client> {
  const resumed = await connect(node.url, { namespace })
  const seq = client.seq
  expect(await resumed.relogin({ ticket: client.ticket, seq })).toMatchObject({ complete: true, seq })
  expect(resumed.id).toBe(client.id)
  return resumed
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Tests that a dialect with rooms passes on three nodes. */
export function describeRoomDialect({ namespace, enter, send, event, leaveEvent }: RoomDialect): void {
  test('during a relogin on another node each message arrives once, and no participant is seen leaving', async () => {
    const [first, second, third] = await startThree()
    const room = newRoom()
    const [sender, receiver] = [await enter(third, room), await enter(first, room)]
    const sent = range(1, 60).map((number) => send(sender, room, number))
    await receiver.next(event)
    const resumed = await resumeOn(receiver, second, namespace)
    await Promise.all([...sent, receiver.closed])
    await send(sender, room, 61) // the old connection may have received all others
    await untilReceived(resumed, event, 61)
    // messages that the old connection received after the relogin do not count: a client reads only the new one
    const received = numbersOf(resumed, event)
    const start = received[0] ?? 61
    expect(received).toEqual(range(start, 61))
    expect(numbersOf(receiver, event).slice(0, start - 1)).toEqual(range(1, start - 1))
    expect(sender.seen.filter((notification) => notification.event === leaveEvent)).toEqual([])
  })

  test('after a node is killed no message is lost or duplicated in either direction', async () => {
    const [victim, second, third] = await startThree()
    const room = newRoom()
    const [sender, receiver] = [await enter(third, room), await enter(victim, room)]
    await Promise.all(range(1, 20).map((number) => send(sender, room, number)))
    await untilReceived(receiver, event, 20)
    expect(await send(receiver, room, 1)).toBeDefined()
    victim.kill('SIGKILL')
    await receiver.closed
    await Promise.all(range(21, 40).map((number) => send(sender, room, number)))
    const resumed = await resumeOn(receiver, second, namespace)
    await send(resumed, room, 1) // the ack may have been lost: the same number again
    await send(resumed, room, 2)
    await untilReceived(resumed, event, 40)
    await untilReceived(sender, event, 2)
    expect(numbersOf(receiver, event)).toEqual(range(1, 20))
    expect(numbersOf(resumed, event)).toEqual(range(21, 40))
    expect(numbersOf(sender, event)).toEqual([1, 2])
    expect(sender.seen.filter((notification) => notification.event === leaveEvent)).toEqual([])
  })
}
