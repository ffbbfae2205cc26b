import { afterAll, expect, test } from 'vitest'
import { newRoom } from '../support/node.ts'
import { startTurn, type TurnServer } from '../support/turn-server.ts'
import { smallCamera } from './demo-cameras.ts'
import { useDemo } from './demo-nodes.ts'
import { type DemoPage, expectCall } from './demo-page.ts'
import { eventually } from './person.ts'

const secret = 'what coturn and the nodes both know'
let turn: TurnServer
const { visit, manage } = useDemo({
  count: 2,
  env: async () => {
    turn = await startTurn(secret)
    return { TURN_URLS: turn.url, TURN_SECRET: secret }
  },
})
afterAll(() => turn?.stop())

test('through a relay only: the media of both goes through coturn, and neither is told an address of the other', async () => {
  const room = newRoom()
  const [ann, bob] = [await visit('Ann', 0), await visit('Bob', 1, { query: 'relay' })]
  await ann.at('#relay-only').check()
  for (const person of [ann, bob]) await person.enter(room)
  await expectCall(ann, bob)
  const relayed = { used: ['relay', 'relay'], told: ['relay'] }
  expect([await ann.way('Bob'), await bob.way('Ann')]).toEqual([relayed, relayed])
})

test('six people see each other; one leaves, and is told that the room is full in the meantime', async () => {
  const room = newRoom()
  // Chromium paints without a graphics card here: small pages, too
  const small = { prepare: smallCamera, viewport: { width: 480, height: 360 } }
  const names = ['Ann', 'Bob', 'Cid', 'Dot', 'Eve', 'Fay']
  const people = await Promise.all(names.map((name, index) => visit(name, index % 2, small)))
  await Promise.all(people.map((person) => person.enter(room)))
  await expectAllSeen(people)

  const [fay, ...others] = people.toReversed() as [DemoPage, ...DemoPage[]]
  await fay.at('#leave').click()
  await expectAllSeen(others)
  await manage('PUT', `/v1/rooms/${encodeURIComponent(`rooms:${room}`)}`, { participantLimit: 5 })
  await fay.at('#room-name').fill(room)
  await fay.at('#enter').click()
  await fay.at('#enter-problem').filter({ hasText: 'This room is full' }).waitFor()
}, 60_000)

async function expectAllSeen(people: DemoPage[]): Promise<void> {
  const names = people.map(({ name }) => name).sort()
  for (const person of people) {
    await eventually(() => person.sees()).toEqual(names.filter((name) => name !== person.name))
    expect(await person.at('.tile').count()).toBe(people.length)
  }
}
