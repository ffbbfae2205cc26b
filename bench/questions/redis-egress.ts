import { Redis } from 'ioredis'
import type { Figures, Question, Setting } from '../harness/question.ts'
import { audienceOf, bytesSentBy, pause } from '../harness/work.ts'
import { requireComplete } from './exchange.ts'

const messagesPerSecond = 500

export const redisEgress: Question = {
  name: 'redis-egress',
  about: `256 clients in rooms of 2, each room on two of the nodes, send messages of 500 characters to their room, ${messagesPerSecond}/s in all: what Redis sends for one of them`,
  figures: {
    bytes: {
      unit: 'B',
      meaning: 'bytes that Redis sent for a message, without what it sends when no client sends',
      better: 'lower',
    },
    idle: { unit: 'B/s', meaning: 'bytes that Redis sent in a second when no client sent' },
  },
  cases: [2, 4, 8].map((nodes) => ({ nodes })),
  measure: async (setting) => {
    const redis = new Redis(setting.redisUrl)
    try {
      return await countBytes(setting, redis)
    } finally {
      redis.disconnect()
    }
  },
}

async function countBytes(setting: Setting, redis: Redis): Promise<Figures> {
  const { load, seconds, warmUpSeconds } = setting
  await load.enter(audienceOf(setting, { clients: 256, members: 2 }))
  await load.broadcast({ rate: messagesPerSecond, seconds: warmUpSeconds, members: 2 })
  const perSecond = async <T>(work: () => Promise<T>) => {
    const [before, started] = [await bytesSentBy(redis), performance.now()]
    const result = await work()
    return { result, rate: ((await bytesSentBy(redis)) - before) / ((performance.now() - started) / 1000) }
  }
  const idle = await perSecond(() => pause(seconds))
  const started = performance.now()
  const busy = await perSecond(() => load.broadcast({ rate: messagesPerSecond, seconds, members: 2 }))
  const elapsed = (performance.now() - started) / 1000
  requireComplete(busy.result, 2)
  return { bytes: ((busy.rate - idle.rate) * elapsed) / busy.result.sent, idle: idle.rate }
}
