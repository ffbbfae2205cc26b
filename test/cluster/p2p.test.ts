import { expect, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import type { Client } from '../support/client.ts'
import { ackOf, peer } from '../support/dialects.ts'
import { startThree } from './room-dialects.ts'

const numbers = (client: Client) =>
  client.seen.filter(({ event }) => event === 'owt-message').map(({ data }) => Number(Object(data).data))

async function until(client: Client, last: number): Promise<void> {
  while (numbers(client).at(-1) !== last) await client.next('owt-message')
}

/** Checks that no message is missing, and that all are in order. A message may be in both lists, but in each only once. */
function expectAll(before: number[], after: number[], last: number): void {
  const added = after.filter((number) => !before.includes(number))
  expect([...before, ...added]).toEqual(Array.from({ length: last }, (_, index) => index + 1))
  expect(after).toEqual(after.toSorted((a, b) => a - b))
  expect(new Set(after).size).toBe(after.length)
}

test.each(['engine', 'node'] as const)(
  'a peer that loses its %s receives the messages that were acked meanwhile when it resumes',
  async (what) => {
    const [victim, second, third] = await startThree()
    const [annId, bobId] = [newId(), newId()]
    const [ann, bob] = [await peer(third, annId), await peer(victim, bobId)]
    const send = async (number: number) => {
      expect(await ackOf(ann, 'owt-message', { to: bobId, data: `${number}` })).toEqual([])
    }
    for (let number = 1; number <= 20; number += 1) await send(number)
    await until(bob, 20)
    if (what === 'node') victim.kill('SIGKILL')
    else bob.cut()
    for (let number = 21; number <= 40; number += 1) await send(number)
    await bob.closed
    const resumed = await peer(second, bobId)
    await send(41)
    await until(resumed, 41)
    expectAll(numbers(bob), numbers(resumed), 41)
  },
)

test('of two simultaneous logins of a user on two nodes, only one connection remains, and it receives messages', async () => {
  const [first, second, third] = await startThree()
  const [annId, bobId] = [newId(), newId()]
  const ann = await peer(third, annId)
  for (let round = 1; round <= 5; round += 1) {
    const peers = await Promise.all([peer(first, bobId), peer(second, bobId)])
    await Promise.race(peers.map(({ closed }) => closed))
    const [remaining] = peers.filter(({ socket }) => socket.connected)
    expect(await ackOf(ann, 'owt-message', { to: bobId, data: `${round}` })).toEqual([])
    await until(remaining as Client, round)
  }
})
