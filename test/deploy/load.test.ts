import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type ControlServer, controlPathVariable, startControlServer } from '../load/control-channel.ts'
import { type Counts, faultCounters } from '../load/counters.ts'
import { Engine } from '../load/engine/engine.ts'
import { Recorder } from '../load/recorder.ts'
import { readScenarios } from '../load/scenario.ts'
import { verdictOf } from '../load/verdict.ts'
import { testSecret } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

// artillery is about 650 MB, so the tests do without it: they start its virtual users themselves, with the same control
// channel and the flows of the same scenario files

/** Longer than the 15 s after which a pending message counts as lost, so that a failure names the message. */
const waitTimeoutMs = 60_000
const controlServers: ControlServer[] = []
afterEach(() => {
  for (const controlServer of controlServers.splice(0)) controlServer.close()
})

/** The command's end of the control channel, and the samples that it received. */
async function listen() {
  const recorder = new Recorder()
  const waiters = new Set<() => void>()
  const controlServer = await startControlServer((message, worker) => {
    if ('sample' in message) recorder.take(message.sample, worker)
    for (const check of waiters) check()
  })
  controlServers.push(controlServer)
  /**
   * Resolves when the counts match.
   * @throws Error that names the faults, at the first fault or at the timeout
   */
  const until = (matches: (counts: Counts) => boolean) =>
    new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        waiters.delete(check)
        clearTimeout(timer)
        settle()
      }
      const check = () => {
        if (faultCounters.some((fault) => recorder.counts[fault] > 0)) end(() => reject(new Error(describe(recorder))))
        else if (matches(recorder.counts)) end(resolve)
      }
      const onTimeout = () => end(() => reject(new Error(`The counts did not match in time. ${describe(recorder)}`)))
      const timer = setTimeout(onTimeout, waitTimeoutMs)
      waiters.add(check)
      check()
    })
  return { recorder, controlServer, until }
}

/** The verdict and incidents, as the command prints them at the end. */
function describe(recorder: Recorder): string {
  const totals = recorder.totals()
  const { summary } = verdictOf({ totals, checks: [], stopped: false, broken: false })
  return [summary, ...totals.incidents, JSON.stringify(recorder.state)].join('\n')
}

function flowOf(name: string): { flow: { [verb: string]: unknown }[] } {
  const path = readScenarios().find((scenario) => scenario.name === name)?.path ?? ''
  return parse(readFileSync(path, 'utf8')).scenarios[0]
}

type Users = { urls: string[]; scenario: string; users: number; perSecond: number; path: string }

/** Starts virtual users as artillery does; `done` resolves to their errors. */
async function start({ urls, scenario, users, perSecond, path }: Users) {
  const signalbox = { perSecond, lateMs: 30_000, tokens: 'signed' as const }
  const script = { config: { target: urls.join(','), signalbox } }
  const environment = { [controlPathVariable]: path, SIGNALBOX_SECRET: testSecret }
  const engine = new Engine(script, undefined, undefined, { environment, onCommandLost: () => {} })
  await engine.init()
  const run = engine.createScenario(flowOf(scenario), { emit: () => true })
  const runUser = () => new Promise<unknown>((resolve) => run({}, resolve))
  return { done: Promise.all(Array.from({ length: users }, runUser)) }
}

function expectFaultless(recorder: Recorder): void {
  const { counts, state } = recorder
  expect(recorder.totals().incidents).toEqual([])
  expect(Object.fromEntries(faultCounters.map((fault) => [fault, counts[fault]]))).toEqual(
    Object.fromEntries(faultCounters.map((fault) => [fault, 0])),
  )
  expect(state).toEqual({ users: 0, disconnected: 0, pending: 0, missing: 0 })
}

test(
  'every scenario runs without a fault, also the storm in which a node is killed',
  async () => {
    const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix() })
    const urls = nodes.map(({ url }) => url)

    for (const scenario of ['login', 'chatter', 'exchange']) {
      const { recorder, controlServer, until } = await listen()
      const { done } = await start({ urls, scenario, users: 10, perSecond: 10, path: controlServer.path })
      await until(({ logins, sent }) => logins === 10 && (scenario === 'login' || sent > 100))
      controlServer.send('finish')
      expect(await done).toEqual(Array(10).fill(undefined))
      await until(({ leaves }) => leaves === 10)
      expectFaultless(recorder)
      expect(recorder.counts.delivered, scenario).toBeGreaterThan(scenario === 'login' ? 10 : 100)
    }

    const { recorder, controlServer, until } = await listen()
    const { done } = await start({ urls, scenario: 'storm', users: 24, perSecond: 10, path: controlServer.path })
    await until(({ logins, sent }) => logins === 24 && sent > 200)
    nodes[0]?.kill('SIGKILL')
    controlServer.send('cut')
    await until(({ returns }) => returns >= 24)
    const { sent } = recorder.counts
    await until((counts) => counts.sent > sent + 100)
    controlServer.send('finish')
    expect(await done).toEqual(Array(24).fill(undefined))
    await until(({ leaves }) => leaves === 24)
    expectFaultless(recorder)
    expect(recorder.counts).toMatchObject({ cuts: 24, returns: 24 })
    expect(recorder.counts.moves).toBeGreaterThanOrEqual(20) // each user goes to the next address; a refused attempt goes one further
  },
  4 * waitTimeoutMs,
)
