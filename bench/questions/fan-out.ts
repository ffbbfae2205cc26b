import type { Question } from '../harness/question.ts'
import { audienceOf, numberOf, withCpu } from '../harness/work.ts'
import { requireComplete } from './exchange.ts'

const clients = 1000
const deliveriesPerSecond = 5000

export const fanOut: Question = {
  name: 'fan-out',
  about: `${clients} clients in rooms of the given size send messages of 500 characters to all in their room, ${deliveriesPerSecond} deliveries/s in all`,
  figures: {
    cpu: { unit: 'µs', meaning: 'CPU time of all nodes for a delivery', better: 'lower' },
    p50: { unit: 'ms', meaning: 'median of the time from sending to receipt', better: 'lower' },
    p99: { unit: 'ms', meaning: '99th percentile of the same', better: 'lower' },
  },
  cases: [2, 4].flatMap((nodes) => [10, 100, 1000].map((members) => ({ nodes, members }))),
  bothKinds: true,
  measure: async (setting) => {
    const { load, seconds, warmUpSeconds, shrink } = setting
    const members = Math.max(2, Math.round(numberOf(setting, 'members') / shrink))
    const rate = deliveriesPerSecond / shrink / members
    await load.enter(audienceOf(setting, { clients, members }))
    await load.broadcast({ rate, seconds: warmUpSeconds, members })
    const { result, cpu } = await withCpu(setting, () => load.broadcast({ rate, seconds, members }))
    requireComplete(result, members)
    return { cpu: (cpu / result.delivered) * 1e6, p50: result.p50, p99: result.p99 }
  },
}
