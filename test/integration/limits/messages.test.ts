import { expect, test } from 'vitest'
import { Throttle } from '../../../src/core/auth/attempt-throttle.ts'
import { connect, enter, refusal } from '../../support/client.ts'
import { newRoom, startNode, tokenFor } from '../../support/node.ts'

test('each message above the rate is refused, and the connection stays', async () => {
  const node = await startNode({ env: { MESSAGES_PER_SECOND: 1, MESSAGE_BURST: 10 } })
  const room = newRoom()
  const alice = await enter(node.url, { room })
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => alice.request('text', { to: 'admin', message: 'x' })),
  )
  const refused = answers.filter(({ code }) => code === 'too_many_requests')
  expect(refused.length).toBeGreaterThanOrEqual(39)
  expect(answers.length - refused.length).toBeGreaterThanOrEqual(9)
  expect(alice.socket.connected).toBe(true)
})

test('a login above the limit of participants or of rooms is refused', async () => {
  const node = await startNode({ env: { MAX_PARTICIPANTS: 1, MAX_ROOMS: 1 } })
  const room = newRoom()
  await enter(node.url, { room })
  const login = async (token: string) => {
    const client = await connect(node.url)
    return client.request('login', { token, userAgent: { sdk: { type: 'x', version: '1' } }, protocol: '1.2' })
  }
  expect(await login(tokenFor({ room }))).toEqual(refusal('Room is full', 'room_full'))
  expect(await login(tokenFor({ room: newRoom() }))).toEqual(refusal('Too many rooms', 'too_many_rooms'))
})

test('refusals of a client that guesses are delayed longer each time; a valid token from the same address is not delayed', async () => {
  const node = await startNode({ parts: { throttle: new Throttle() } })
  const guess = async () => {
    const client = await connect(node.url)
    const sentAt = performance.now()
    await client.request('relogin', 'garbage')
    return performance.now() - sentAt
  }
  for (let tries = 0; tries < 12; tries += 1) await guess()
  let refusals = 0
  const count = () => {
    refusals += 1
  }
  // delayed by 0.8, 1.6, 3.2 and 6.4 s; the test does not wait for the last
  const more = Array.from({ length: 4 }, guess)
  for (const one of more) one.then(count, () => {})
  expect(await Promise.race(more)).toBeGreaterThan(400) // the delay itself is under test
  const text = await (await fetch(`${node.opsUrl}/metrics`)).text()
  expect(text).toMatch(/signalbox_refused_total{reason="throttled"} [3-9]/)
  await enter(node.url, { room: newRoom() })
  expect(refusals).toBeLessThan(4)
})
