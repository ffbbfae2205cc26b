import type { Question } from '../harness/question.ts'
import { unlimited, withCpu } from '../harness/work.ts'

const clients = 20
const requestsPerSecond = 20

export const polling: Question = {
  name: 'polling',
  about: `${clients} clients with long-polling, in rooms of two, send each other acked messages, each its next one after the ack: on the node of their connection, or by another node that forwards their requests. Peers need sticky sessions, so they forward nothing`,
  figures: {
    cpu: { unit: 'µs', meaning: 'CPU time of all nodes for a message, with its ack and delivery', better: 'lower' },
    p50: { unit: 'ms', meaning: 'median of the time from the request to the ack', better: 'lower' },
    p99: { unit: 'ms', meaning: '99th percentile of the same', better: 'lower' },
  },
  cases: [{ requests: 'to its node' }, { requests: 'forwarded' }],
  nodes: () => 2,
  asksPeers: ({ requests }) => requests === 'to its node',
  env: unlimited,
  measure: async (setting) => {
    const { load, servers, durable, parameters, seconds, warmUpSeconds } = setting
    const [home = '', other = ''] = servers.map(({ url }) => url)
    const url = parameters.requests === 'forwarded' ? other : home
    await load.enterPolling({ home, url, clients, durable })
    await load.exchangePolling({ requests: Math.ceil(warmUpSeconds * requestsPerSecond) })
    const requests = Math.ceil(seconds * requestsPerSecond)
    const { result, cpu } = await withCpu(setting, () => load.exchangePolling({ requests }))
    return { cpu: (cpu / (clients * requests)) * 1e6, p50: result.p50, p99: result.p99 }
  },
}
