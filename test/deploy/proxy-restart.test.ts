import { expect, test } from 'vitest'
import { ConnectionChurn } from '../support/connection-churn.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { proxies, startProxy } from '../support/proxies.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

const clients = 300
const rooms = 20
const drainSeconds = 4
const window = 20

test.each(proxies)(
  'behind $name every node is restarted, one after the other, while 300 clients lose no message',
  {
    timeout: 120_000,
  },
  async (proxy) => {
    const env = { RECONNECT_WINDOW: window, DRAIN_SECONDS: drainSeconds, LOG_LEVEL: 'info' }
    const nodes = await startProcesses(3, { redisUrl: redisUrl(), prefix: randomPrefix(), env })
    const front = await startProxy(proxy, nodes)
    const traffics: Traffic[] = []
    for (let room = 1; room <= rooms; room += 1) {
      traffics.push(await Traffic.start({ nodes: [front], clients: clients / rooms, window }))
    }
    const flows = traffics.map((traffic) => traffic.flow(6))
    const visitor = new ConnectionChurn(front)

    for (const [index, ending] of nodes.entries()) {
      const others = nodes.filter((node) => node !== ending)
      const moving = await clientsOn(ending)
      const since = Date.now()
      ending.kill('SIGTERM')
      expect(await ending.exited).toEqual({ code: 0, signal: null })
      expectPaced(await arrivalsSince(since, others, moving), since)
      await Promise.all(traffics.map((traffic) => traffic.allInRoom()))
      nodes[index] = await ending.restart()
    }

    await visitor.stop()
    expect(visitor.attempts).toBeGreaterThan(50)
    expect(visitor.refused.twice, 'not let in at the second try').toBe(0)
    await Promise.all(flows.map((flow) => flow.stop()))
    for (const traffic of traffics) {
      expect(Math.max(...traffic.clients.map(({ failedAttempts }) => failedAttempts))).toBeLessThanOrEqual(1)
      await traffic.sendRound() // any duplicate has arrived before this
      await traffic.expectRoster()
      traffic.ledger.verify()
    }
  },
)

async function clientsOn({ opsUrl }: NodeProcess): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  return Number(/^signalbox_participants\{state="connected"\} (\d+)$/m.exec(text)?.[1])
}

/** When clients came to each node, ms, ascending, by its own log. Resolves when so many have. */
async function arrivalsSince(since: number, nodes: NodeProcess[], count: number): Promise<number[][]> {
  let arrivals: number[][] = []
  await until(async () => {
    arrivals = nodes.map((node) => relogins(node).filter((at) => at >= since))
    return arrivals.flat().length >= count
  })
  return arrivals
}

function relogins(node: NodeProcess): number[] {
  const lines = node.output().matchAll(/^\{.*"time":(\d+),.*"msg":"relogin"\}$/gm)
  return [...lines].map(([, time]) => Number(time)).toSorted((a, b) => a - b)
}

/** The drain sets the pace: nobody comes before the turn of so many, and what was held up does not come as a herd. */
function expectPaced(arrivals: number[][], since: number): void {
  const all = arrivals.flat().toSorted((a, b) => a - b)
  expect(all.length).toBeGreaterThan(clients / 6)
  const pace = all.length / drainSeconds
  const early = all.filter((at, index) => index - 1 > (pace * (at - since)) / 1000)
  expect(early, 'came before their turn').toEqual([])
  for (const times of arrivals) expect(mostWithin(1000, times)).toBeLessThan(pace * 2.5)
}

/** The most that any time span of `ms` has. */
function mostWithin(ms: number, times: number[]): number {
  return Math.max(0, ...times.map((from) => times.filter((at) => at >= from && at < from + ms).length))
}
