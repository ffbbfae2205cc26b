import { readFileSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { lineVariable, openSwitchboard, type Switchboard } from '../load/control-channel.ts'
import { type Counts, faults } from '../load/counters.ts'
import { Engine } from '../load/engine/engine.ts'
import { Recorder } from '../load/recorder.ts'
import { readScenarios } from '../load/scenario.ts'
import { verdictOf } from '../load/verdict.ts'
import { testSecret } from '../support/node.ts'
import { startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'

// artillery itself is some 650 MB, and stays out of the tests: here its virtual users are started by hand, on the same
// line to the command and with the flows of the same files

/** What one waits for at most, ms: longer than the 15 s after which a message that has not come is lost, so that it is named. */
const patience = 60_000
const switchboards: Switchboard[] = []
afterEach(() => {
  for (const switchboard of switchboards.splice(0)) switchboard.close()
})

/** The command's end of the line, and what it has heard. */
async function listen() {
  const recorder = new Recorder()
  const waiting = new Set<() => void>()
  const switchboard = await openSwitchboard((told, worker) => {
    if ('sample' in told) recorder.take(told.sample, worker)
    for (const look of waiting) look()
  })
  switchboards.push(switchboard)
  /**
   * Resolves when what was told says so.
   * @throws Error that names what went wrong, as soon as anything has, or when nothing comes of it
   */
  const until = (isSo: (counts: Counts) => boolean) =>
    new Promise<void>((resolve, reject) => {
      const end = (settle: () => void) => {
        waiting.delete(look)
        clearTimeout(timer)
        settle()
      }
      const look = () => {
        if (faults.some((fault) => recorder.counts[fault] > 0)) end(() => reject(new Error(storyOf(recorder))))
        else if (isSo(recorder.counts)) end(resolve)
      }
      const inVain = () => end(() => reject(new Error(`Waited in vain. ${storyOf(recorder)}`)))
      const timer = setTimeout(inVain, patience)
      waiting.add(look)
      look()
    })
  return { recorder, switchboard, until }
}

/** What went wrong, as the command tells it at the end. */
function storyOf(recorder: Recorder): string {
  const totals = recorder.totals()
  const { says } = verdictOf({ totals, checks: [], stopped: false, broken: false })
  return [says, ...totals.incidents, JSON.stringify(recorder.standing)].join('\n')
}

function flowOf(name: string): { flow: { [verb: string]: unknown }[] } {
  const path = readScenarios().find((scenario) => scenario.name === name)?.path ?? ''
  return parse(readFileSync(path, 'utf8')).scenarios[0]
}

type Users = { urls: string[]; scenario: string; users: number; perSecond: number; path: string }

/** Starts virtual users as artillery does; resolves to what it is told of each at its end. */
async function start({ urls, scenario, users, perSecond, path }: Users) {
  const signalbox = { perSecond, lateMs: 30_000, tokens: 'signed' as const }
  const script = { config: { target: urls.join(','), signalbox } }
  const environment = { [lineVariable]: path, SIGNALBOX_SECRET: testSecret }
  const engine = new Engine(script, undefined, undefined, { environment, alone: () => {} })
  await engine.init()
  const run = engine.createScenario(flowOf(scenario), { emit: () => true })
  const one = () => new Promise<unknown>((resolve) => run({}, resolve))
  return { done: Promise.all(Array.from({ length: users }, one)) }
}

function expectFaultless(recorder: Recorder): void {
  const { counts, standing } = recorder
  expect(recorder.totals().incidents).toEqual([])
  expect(Object.fromEntries(faults.map((fault) => [fault, counts[fault]]))).toEqual(
    Object.fromEntries(faults.map((fault) => [fault, 0])),
  )
  expect(standing).toEqual({ users: 0, away: 0, pending: 0, missing: 0 })
}

test(
  'every scenario runs without a fault, and the storm with a node that is killed',
  async () => {
    const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix() })
    const urls = nodes.map(({ url }) => url)

    for (const scenario of ['login', 'chatter', 'exchange']) {
      const { recorder, switchboard, until } = await listen()
      const { done } = await start({ urls, scenario, users: 10, perSecond: 10, path: switchboard.path })
      await until(({ logins, sent }) => logins === 10 && (scenario === 'login' || sent > 100))
      switchboard.order('finish')
      expect(await done).toEqual(Array(10).fill(undefined))
      await until(({ leaves }) => leaves === 10)
      expectFaultless(recorder)
      expect(recorder.counts.delivered, scenario).toBeGreaterThan(scenario === 'login' ? 10 : 100)
    }

    const { recorder, switchboard, until } = await listen()
    const { done } = await start({ urls, scenario: 'storm', users: 24, perSecond: 10, path: switchboard.path })
    await until(({ logins, sent }) => logins === 24 && sent > 200)
    nodes[0]?.kill('SIGKILL')
    switchboard.order('cut')
    await until(({ returns }) => returns >= 24)
    const { sent } = recorder.counts
    await until((counts) => counts.sent > sent + 100)
    switchboard.order('finish')
    expect(await done).toEqual(Array(24).fill(undefined))
    await until(({ leaves }) => leaves === 24)
    expectFaultless(recorder)
    expect(recorder.counts).toMatchObject({ cuts: 24, returns: 24 })
    expect(recorder.counts.moves).toBeGreaterThanOrEqual(20) // all go to the next address; a refused try takes one further
  },
  4 * patience,
)
