import type { Question } from '../harness/question.ts'
import { audienceOf, pause, withCpu } from '../harness/work.ts'

/** Until the nodes have noticed the ends of the connections, s. */
const noticeSeconds = 1

export const relogin: Question = {
  name: 'relogin',
  about:
    '1000 clients in rooms of four on two nodes lose their connections, and 50 at a time resume on their node or on the other one; clients of a peer log in again',
  figures: {
    rate: { unit: '1/s', meaning: 'relogins a second', better: 'higher' },
    cpu: { unit: 'µs', meaning: 'CPU time of all nodes for a relogin, with its connection', better: 'lower' },
    p50: { unit: 'ms', meaning: 'median of the time that a connection and its relogin take', better: 'lower' },
    p99: { unit: 'ms', meaning: '99th percentile of the same', better: 'lower' },
  },
  cases: [{ node: 'the same' }, { node: 'the other' }],
  nodes: () => 2,
  bothKinds: true,
  env: { MAX_CONNECTIONS: '100000' },
  measure: async (setting) => {
    const { load, parameters } = setting
    const audience = audienceOf(setting, { clients: 1000, members: 4, atOnce: 50 })
    await load.enter(audience)
    await load.cut({})
    await pause(noticeSeconds)
    const moves = parameters.node !== 'the same'
    const { result, cpu } = await withCpu(setting, () => load.resume({ ...audience, moves }))
    const { seconds, p50, p99 } = result
    return { rate: audience.clients / seconds, cpu: (cpu / audience.clients) * 1e6, p50, p99 }
  },
}
