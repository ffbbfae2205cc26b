import type { Question } from '../harness/question.ts'
import { audienceOf, withCpu } from '../harness/work.ts'

const clients = 5000
/** Half of the usual limit of the queue of a listening socket, so that the kernel drops no connection. */
const atOnce = 256

export const storm: Question = {
  name: 'storm',
  about: `${clients} clients in rooms of four on two nodes lose their connections at once, and return at once, each to the other node, ${atOnce} at a time; clients of a peer log in again`,
  figures: {
    seconds: { unit: 's', meaning: 'from the cut until the last client was back', better: 'lower' },
    cpu: { unit: 'µs', meaning: 'CPU time of all nodes for a client', better: 'lower' },
    p99: { unit: 'ms', meaning: '99th percentile of the time that a client takes for its return', better: 'lower' },
    retries: { unit: '', meaning: 'attempts that failed and were repeated' },
  },
  cases: [{ nodes: 2 }],
  env: { MAX_CONNECTIONS: '100000' },
  measure: async (setting) => {
    const { load } = setting
    const audience = audienceOf(setting, { clients, members: 4, atOnce })
    await load.enter(audience)
    const { result, cpu } = await withCpu(setting, async () => {
      await load.cut({})
      return load.resume({ ...audience, moves: true })
    })
    const { seconds, p99, retries } = result
    return { seconds, cpu: (cpu / audience.clients) * 1e6, p99, retries }
  },
}
