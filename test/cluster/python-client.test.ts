import { expect, test } from 'vitest'
import { enter } from '../support/client.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed, startProcess } from '../support/process.ts'
import { PythonClient, type PythonOptions } from '../support/python-client.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { type Backend, startRoundRobin } from '../support/round-robin.ts'
import { until } from '../support/until.ts'

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1)

const kinds: [PythonOptions['kind'], string[]][] = [
  ['sync', ['polling']],
  ['sync', ['websocket']],
  ['sync', ['polling', 'websocket']],
  ['asyncio', ['polling']],
  ['asyncio', ['polling', 'websocket']],
]

test('an unmodified python-socketio resumes after a drain and after a kill, and receives a replay of 200 messages', {
  timeout: 120_000,
}, async () => {
  const shared = { redisUrl: redisUrl(), prefix: randomPrefix() }
  const start = async (name: string) => {
    const node = await startProcess({ ...shared, env: { NODE_ID: name, RECONNECT_WINDOW: 30, DRAIN_SECONDS: 2 } })
    return { ...node, name }
  }
  const [draining, killed, last] = await Promise.all(['draining', 'killed', 'last'].map(start))
  if (!draining || !killed || !last) throw new Error('No node')
  let alive: Backend[] = [draining]
  const front = await startRoundRobin(() => alive)
  const room = newRoom()
  const bob = await enter(last.url, { room })
  const clients = kinds.map(([kind, transports]) => new PythonClient({ kind, url: front.url, transports, room }))
  const all = (is: (client: PythonClient) => boolean) => until(async () => clients.every(is))
  await all(({ entries }) => entries.length === 1)

  let sent = 0
  const send = async (count: number) => {
    for (let n = 0; n < count; n += 1) await bob.ask('text', { to: 'all', message: `${++sent}` })
  }
  const describeAll = () =>
    clients.map(({ output, received }) => `${received.length} of ${sent} ${output}`).join('\n\n')
  try {
    alive = [killed]
    const sending = send(60)
    draining.kill('SIGTERM')
    expect(await draining.exited).toEqual({ code: 0, signal: null })
    await sending
    await all(({ nodeName, received }) => nodeName === 'killed' && received.length >= sent)

    killed.kill('SIGKILL')
    await send(200)
    alive = [last]
    await all(({ nodeName, received }) => nodeName === 'last' && received.length >= sent)
    await send(1)
    await all(({ received }) => received.includes(sent))
  } catch (error) {
    throw new Error(describeAll(), { cause: error })
  }
  for (const { received, entries, output } of clients) {
    expect(received.toSorted((one, other) => one - other)).toEqual(upTo(sent))
    // the login and two relogins: it has not resumed more often than needed
    expect(entries, output).toHaveLength(3)
    expect(entries.map(({ complete }) => complete)).toEqual([true, true, true])
  }
  const transports = clients.map(({ entries }) => entries.map(({ transport }) => transport))
  expect(transports).toEqual(kinds.map(([, all]) => Array(3).fill(all.at(-1))))
  await expectUnharmed([last])
})
