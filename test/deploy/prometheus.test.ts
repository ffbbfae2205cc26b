import { expect, onTestFailed, onTestFinished, test } from 'vitest'
import { alerts, dashboards, filledIn, queriesOf, variablesOf } from '../support/monitoring.ts'
import { startProcesses } from '../support/process.ts'
import { type Prometheus, startPrometheus } from '../support/prometheus.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { Traffic } from '../support/traffic.ts'
import { until } from '../support/until.ts'

const window = 4
const interval = '1m' // everything that happens in the test is within it

/** Every query of every panel by name. */
const asked = [...dashboards].flatMap(([name, dashboard]) =>
  queriesOf(dashboard).panels.map((query) => ({
    name: `${name}: ${query.name}`,
    expr: filledIn(query.expr, interval),
  })),
)

/** The queries without a result in a healthy cluster, or without one of every node. */
async function withoutData(prometheus: Prometheus, nodes: number): Promise<string[]> {
  const answers = await Promise.all(
    asked.map(async ({ name, expr }) => {
      const samples = await prometheus.query(expr)
      const numbers = samples.filter(({ value }) => Number.isFinite(value))
      const instances = new Set(numbers.flatMap(({ labels }) => labels.instance ?? []))
      return numbers.length > 0 && (instances.size === 0 || instances.size === nodes) ? [] : [name]
    }),
  )
  return answers.flat()
}

test('a Prometheus with the shipped configuration has results for all dashboards, and no alert fires', {
  timeout: 90_000,
}, async () => {
  const nodes = await startProcesses(3, {
    redisUrl: redisUrl(),
    prefix: randomPrefix(),
    env: { RECONNECT_WINDOW: window },
  })
  const prometheus = await startPrometheus(nodes.map(({ opsUrl }) => new URL(opsUrl).host))
  onTestFinished(() => prometheus.stop())
  const traffic = await Traffic.start({ nodes, clients: 9, window })
  const flow = traffic.flow(100)

  let missing: string[] = []
  onTestFailed(() => console.error(`Without data: ${missing.join(', ')}`))
  await until(async () => {
    for (const client of traffic.present) if (client.inRoom && traffic.random.chance(0.1)) client.cut()
    missing = await withoutData(prometheus, nodes.length)
    return missing.length === 0
  })
  await flow.stop()
  await traffic.ledger.complete()

  for (const dashboard of dashboards.values()) {
    for (const { expr } of queriesOf(dashboard).annotations) await prometheus.query(filledIn(expr, interval))
    for (const { expr } of variablesOf(dashboard)) {
      expect(await prometheus.query(filledIn(expr, interval)), expr).toHaveLength(nodes.length)
    }
  }

  await until(async () => (await prometheus.rules()).every(({ health }) => health !== 'unknown'))
  const rules = await prometheus.rules()
  expect(rules.map(({ name }) => name).sort()).toEqual(alerts.map(({ alert }) => alert).sort())
  expect(rules.filter(({ health, state }) => health !== 'ok' || state === 'firing')).toEqual([])

  nodes[0]?.kill('SIGKILL')
  await until(async () => (await stateOf(prometheus, 'SignalboxNodeDown')) === 'pending')
})

async function stateOf(prometheus: Prometheus, alert: string): Promise<string | undefined> {
  return (await prometheus.rules()).find(({ name }) => name === alert)?.state
}
