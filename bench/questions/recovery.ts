import { Redis } from 'ioredis'
import type { Question } from '../harness/question.ts'
import { audienceOf, pause } from '../harness/work.ts'

const clients = 4000
const windowSeconds = 15
const pollSeconds = 0.02
const timeoutSeconds = 120

export const recovery: Question = {
  name: 'recovery',
  about: `${clients} clients in rooms of two are on one of three nodes, which is killed; one of each room resumes at once on another node, the other never does; the window is ${windowSeconds} s`,
  figures: {
    waiting: { unit: 's', meaning: 'from SIGKILL until all participants are in the reconnect window', better: 'lower' },
    resumed: { unit: 's', meaning: 'from then until the last client has resumed', better: 'lower' },
    removed: {
      unit: 's',
      meaning: 'from the end of the window until the last other participant is removed',
      better: 'lower',
    },
  },
  cases: [{ nodes: 3 }],
  asksPeers: () => false,
  env: { RECONNECT_WINDOW: String(windowSeconds), MAX_CONNECTIONS: '100000' },
  measure: async (setting) => {
    const { load, servers, redisUrl } = setting
    const [killed, ...survivors] = servers
    const redis = new Redis(redisUrl)
    const waiting = (count: number) => secondsUntil(async () => (await redis.zcard('sb:waiting')) === count)
    try {
      const { urls, ...audience } = audienceOf(setting, { clients, members: 2, atOnce: 100 })
      await load.enter({ ...audience, urls: urls.slice(0, 1) })
      await killed?.stop('SIGKILL')
      const inWindow = await waiting(audience.clients)
      const windowStart = performance.now()
      const returned = { ...audience, urls: survivors.map(({ url }) => url), moves: false, every: 2, atOnce: 1000 }
      const { seconds: resumed } = await load.resume(returned)
      await pause(Math.max(0, windowSeconds - (performance.now() - windowStart) / 1000))
      return { waiting: inWindow, resumed, removed: await waiting(0) }
    } finally {
      redis.disconnect()
    }
  },
}

async function secondsUntil(condition: () => Promise<boolean>): Promise<number> {
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  while (!(await condition())) {
    if (elapsed() > timeoutSeconds) throw new Error(`The cluster did not recover within ${timeoutSeconds} s`)
    await pause(pollSeconds)
  }
  return elapsed()
}
