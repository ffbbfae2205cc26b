import { expect, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import type { Client } from '../support/client.ts'
import { ackOf, peer } from '../support/dialects.ts'
import { startThree } from './in-rooms.ts'

const numbers = (client: Client) =>
  client.seen.filter(({ event }) => event === 'owt-message').map(({ data }) => Number(Object(data).data))

async function until(client: Client, last: number): Promise<void> {
  while (numbers(client).at(-1) !== last) await client.next('owt-message')
}

/** What OWT's clients cannot rule out comes twice; nothing is missing, and the order is that in which it was sent. */
function expectAll(first: number[], rest: number[], last: number): void {
  const again = rest.filter((number) => !first.includes(number))
  expect([...first, ...again]).toEqual(Array.from({ length: last }, (_, index) => index + 1))
  expect(rest).toEqual(rest.toSorted((one, other) => one - other))
  expect(new Set(rest).size).toBe(rest.length)
}

test.each(['engine', 'node'] as const)(
  'a peer that loses its %s receives the messages that were acked meanwhile when it resumes',
  async (what) => {
    const [doomed, second, third] = await startThree()
    const [one, other] = [newId(), newId()]
    const [ann, bob] = [await peer(third, one), await peer(doomed, other)]
    const send = async (number: number) => {
      expect(await ackOf(ann, 'owt-message', { to: other, data: `${number}` })).toEqual([])
    }
    for (let number = 1; number <= 20; number += 1) await send(number)
    await until(bob, 20)
    if (what === 'node') doomed.kill('SIGKILL')
    else bob.cut()
    for (let number = 21; number <= 40; number += 1) await send(number)
    await bob.closed
    const back = await peer(second, other)
    await send(41)
    await until(back, 41)
    expectAll(numbers(bob), numbers(back), 41)
  },
)

test('of two simultaneous logins of one user on two nodes one remains, and receives messages', async () => {
  const [first, second, third] = await startThree()
  const [one, other] = [newId(), newId()]
  const ann = await peer(third, one)
  for (let round = 1; round <= 5; round += 1) {
    const peers = await Promise.all([peer(first, other), peer(second, other)])
    await Promise.race(peers.map(({ closed }) => closed))
    const [left] = peers.filter(({ socket }) => socket.connected)
    expect(await ackOf(ann, 'owt-message', { to: other, data: `${round}` })).toEqual([])
    await until(left as Client, round)
  }
})
