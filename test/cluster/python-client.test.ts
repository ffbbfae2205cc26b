import { expect, test } from 'vitest'
import { enter } from '../support/client.ts'
import { newRoom } from '../support/node.ts'
import { expectUnharmed, startProcess } from '../support/process.ts'
import { PythonClient, type PythonOptions } from '../support/python-client.ts'
import { randomPrefix, redisUrl, until } from '../support/redis.ts'
import { type Behind, startRoundRobin } from '../support/round-robin.ts'

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
  let alive: Behind[] = [draining]
  const front = await startRoundRobin(() => alive)
  const room = newRoom()
  const bob = await enter(last.url, { room })
  const clients = kinds.map(([kind, transports]) => new PythonClient({ kind, url: front.url, transports, room }))
  const all = (is: (client: PythonClient) => boolean) => until(async () => clients.every(is))
  await all(({ entries }) => entries.length === 1)

  let said = 0
  const say = async (count: number) => {
    for (let done = 0; done < count; done += 1) await bob.ask('text', { to: 'all', message: `${++said}` })
  }
  const describeAll = () => clients.map(({ output, heard }) => `${heard.length} of ${said} ${output}`).join('\n\n')
  try {
    alive = [killed]
    const saying = say(60)
    draining.kill('SIGTERM')
    expect(await draining.exited).toEqual({ code: 0, signal: null })
    await saying
    await all(({ on, heard }) => on === 'killed' && heard.length >= said)

    killed.kill('SIGKILL')
    await say(200)
    alive = [last]
    await all(({ on, heard }) => on === 'last' && heard.length >= said)
    await say(1)
    await all(({ heard }) => heard.includes(said))
  } catch (error) {
    throw new Error(describeAll(), { cause: error })
  }
  for (const { heard, entries, output } of clients) {
    expect(heard.toSorted((one, other) => one - other)).toEqual(upTo(said))
    // the login and two relogins: it does not loop
    expect(entries, output).toHaveLength(3)
    expect(entries.map(({ complete }) => complete)).toEqual([true, true, true])
  }
  const transports = clients.map(({ entries }) => entries.map(({ transport }) => transport))
  expect(transports).toEqual(kinds.map(([, all]) => Array(3).fill(all.at(-1))))
  await expectUnharmed([last])
})
