import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { type Client, connect, enter, loginInfo, refusal } from '../support/client.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed, type NodeProcess, startProcesses, statusOf } from '../support/process.ts'
import { randomPrefix, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

const windowSeconds = 3
const unavailable = refusal('Service unavailable', 'unavailable')

const hasLeft = (observer: Client, { id }: Client) =>
  observer.seen.some(({ event, data }) => {
    const text = JSON.stringify(data)
    return event === 'participant' && text.includes('"leave"') && text.includes(id)
  })

async function resumeOn({ url }: NodeProcess, { ticket, seq }: Client): Promise<Client> {
  const resumed = await connect(url)
  expect(await resumed.relogin({ ticket, seq })).toMatchObject({ complete: true })
  return resumed
}

test('while the memory of Redis is full, logins and messages are refused, participants stay, resume and leave, and a dead node is cleaned up', {
  timeout: 90_000,
}, async () => {
  const redis = await startRedis()
  onTestFinished(() => redis.stop())
  const admin = new Redis(redis.url)
  onTestFinished(() => admin.disconnect())
  const env = { RECONNECT_WINDOW: windowSeconds, DRAIN_SECONDS: 0 }
  const nodes = await startProcesses(3, { redisUrl: redis.url, prefix: randomPrefix(), env })
  const [one, two, victim] = nodes as [NodeProcess, NodeProcess, NodeProcess]
  const room = newRoom()
  const on = ({ url }: NodeProcess) => enter(url, { room })
  const observer = await on(one)
  const [stays, roams, logsOut, vanishes] = [await on(two), await on(two), await on(two), await on(two)]
  const [moves, dies] = [await on(victim), await on(victim)]
  await Promise.all([stays, roams, logsOut, vanishes, moves, dies].map((client) => client.whenConfirmed()))

  await admin.config('SET', 'maxmemory', 1)
  expect(await observer.request('text', { to: 'all', message: 'refused' })).toEqual(unavailable)
  const newcomer = await connect(one.url)
  expect(await newcomer.request('login', loginInfo({ room }))).toEqual(unavailable)
  stays.ticket = String(await stays.ask('refreshReconnectionTicket'))
  await logsOut.ask('logout')
  roams.cut()
  const client = await resumeOn(one, roams)
  vanishes.cut()
  victim.kill('SIGKILL')
  const mover = await resumeOn(two, moves)
  // the last one leaves when the lease of the killed node and the window have expired
  for (const gone of [logsOut, vanishes, dies]) await until(async () => hasLeft(observer, gone))
  for (const node of [one, two]) expect(await statusOf(`${node.opsUrl}/readyz`)).toBe(200)

  await admin.config('SET', 'maxmemory', 0)
  const present = [observer, stays, client, mover]
  await observer.ask('text', { to: 'all', message: 'delivered' })
  for (const client of present) {
    expect((await client.next('text')).data).toMatchObject({ message: 'delivered' })
    expect(present.filter((other) => hasLeft(client, other))).toEqual([])
  }
  await enter(one.url, { room })
  await expectUnharmed([one, two])

  await admin.config('SET', 'maxmemory', 1)
  two.kill('SIGTERM')
  expect(await two.exited).toEqual({ code: 0, signal: null })
  await resumeOn(one, stays)
})
