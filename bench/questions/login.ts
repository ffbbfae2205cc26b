import type { Question } from '../harness/question.ts'
import { audienceOf, withCpu } from '../harness/work.ts'

/** How many log in before the measurement. */
const warmUpClients = 400

export const login: Question = {
  name: 'login',
  about:
    '2000 clients log in on one node, in rooms of four, 50 at a time; each login notifies those who are in the room',
  figures: {
    rate: { unit: '1/s', meaning: 'logins a second', better: 'higher' },
    cpu: { unit: 'µs', meaning: 'CPU time of the node for a login', better: 'lower' },
    p50: { unit: 'ms', meaning: 'median of the time that a login takes', better: 'lower' },
    p99: { unit: 'ms', meaning: '99th percentile of the same', better: 'lower' },
  },
  cases: [{ connection: 'new' }, { connection: 'open already' }],
  env: { MAX_CONNECTIONS: '100000' },
  measure: async (setting) => {
    const { load, parameters } = setting
    await load.enter(audienceOf(setting, { clients: warmUpClients, members: 4, atOnce: 50 }))
    const audience = audienceOf(setting, { clients: 2000, members: 4, atOnce: 50 })
    if (parameters.connection !== 'new') await load.connect(audience)
    const { result, cpu } = await withCpu(setting, () =>
      parameters.connection === 'new' ? load.enter(audience) : load.login(audience),
    )
    const { seconds, p50, p99 } = result
    return { rate: audience.clients / seconds, cpu: (cpu / audience.clients) * 1e6, p50, p99 }
  },
}
