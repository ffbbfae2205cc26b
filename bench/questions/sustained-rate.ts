import type { Figures, Question, Setting } from '../harness/question.ts'
import { audienceOf, numberOf, redisCpu, unlimited, withCpu } from '../harness/work.ts'

const maxP99Ms = 50
const firstRate = 500
const growth = 1.5
/** In a smoke run, which has no time for more steps. */
const coarseGrowth = 8
const maxRate = 100_000
/** Steps between the last rate that was sustained and the first that was not. */
const bisections = 4
/** Sending stops when a delivery takes longer than this, ms: the rate is too high then. */
const maxDelayMs = 1000
/** The share of the rate that the load generator must reach, so that it is not what limits. */
const minAchievedShare = 0.97

type Step = {
  rate: number
  sustained: boolean
  p99: number
  nodeCores: number
  generatorCores: number
  redisCores: number
}

export const sustainedRate: Question = {
  name: 'sustained-rate',
  about: `the highest rate of directed acked messages with p99 under ${maxP99Ms} ms, found by a ramp and ${bisections} bisections; the cores say what limits`,
  figures: {
    rate: { unit: '1/s', meaning: 'messages a second for each node', better: 'higher' },
    p99: { unit: 'ms', meaning: '99th percentile of the time from sending to receipt at that rate' },
    nodeCores: { unit: 'cores', meaning: 'CPU time of all nodes at that rate, in a second' },
    redisCores: { unit: 'cores', meaning: 'the same of Redis' },
    generatorCores: { unit: 'cores', meaning: 'the same of the load generator' },
  },
  cases: [1, 2].map((nodes) => ({ nodes })),
  env: unlimited,
  measure: async (setting) => {
    await setting.load.enter(audienceOf(setting, { clients: 400, members: 8 }))
    await setting.load.direct({ rate: firstRate, seconds: setting.warmUpSeconds })
    return figuresOf(await search(setting), numberOf(setting, 'nodes'))
  },
}

/** @returns the step with the highest rate that was sustained. @throws Error if not even the first was */
async function search(setting: Setting): Promise<Step> {
  const step = (rate: number) => tryRate(setting, rate)
  let best = await step(firstRate)
  if (!best.sustained) throw new Error(`${firstRate} messages/s are too many: p99 is ${best.p99.toFixed(1)} ms`)
  const factor = setting.shrink > 1 ? coarseGrowth : growth
  let tooHigh = maxRate
  for (let rate = firstRate * factor; rate < maxRate; rate *= factor) {
    const next = await step(rate)
    if (!next.sustained) {
      tooHigh = rate
      break
    }
    best = next
  }
  for (let count = 0; count < bisections; count += 1) {
    const next = await step((best.rate + tooHigh) / 2)
    if (next.sustained) best = next
    else tooHigh = next.rate
  }
  return best
}

async function tryRate(setting: Setting, rate: number): Promise<Step> {
  const { load, redisUrl } = setting
  const seconds = Math.max(1, setting.seconds / 4)
  const before = { generator: await load.cpu({}), redis: await redisCpu(redisUrl) }
  const { result, cpu } = await withCpu(setting, () => load.direct({ rate, seconds, maxDelayMs }))
  const { sent, delivered, refused, p99 } = result
  const complete = !result.stopped && delivered === sent && refused === 0
  const achieved = sent / result.seconds >= rate * minAchievedShare
  return {
    rate,
    sustained: complete && achieved && p99 < maxP99Ms,
    p99,
    nodeCores: cpu / result.seconds,
    generatorCores: ((await load.cpu({})) - before.generator) / result.seconds,
    redisCores: ((await redisCpu(redisUrl)) - before.redis) / result.seconds,
  }
}

function figuresOf({ rate, p99, nodeCores, redisCores, generatorCores }: Step, nodes: number): Figures {
  return { rate: rate / nodes, p99, nodeCores, redisCores, generatorCores }
}
