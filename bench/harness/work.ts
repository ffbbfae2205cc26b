import { Redis } from 'ioredis'
import type { Audience } from '../load/commands.ts'
import type { Setting } from './question.ts'

/** MESSAGES_PER_SECOND of nodes, for questions about more than that limit allows. */
export const unlimited = { MESSAGES_PER_SECOND: '1000000', MESSAGE_BURST: '1000000', MAX_CONNECTIONS: '100000' }

/** CPU time that all servers have used so far, s. */
export async function cpuOf({ servers }: Setting): Promise<number> {
  const all = await Promise.all(servers.map(({ cpu }) => cpu()))
  return all.reduce((sum, cpu) => sum + cpu, 0)
}

/** Does the work. @returns its result, and the CPU time that the servers used meanwhile, s */
export async function withCpu<T>(setting: Setting, work: () => Promise<T>): Promise<{ result: T; cpu: number }> {
  const before = await cpuOf(setting)
  const result = await work()
  return { result, cpu: (await cpuOf(setting)) - before }
}

/** An audience on all servers. Few log in at the same time, because each login notifies all in the room. */
export function audienceOf(
  { servers, shrink, durable, namesSeq }: Setting,
  { clients, members, atOnce = 20 }: { clients: number; members: number; atOnce?: number },
): Audience {
  const fewer = Math.ceil(clients / shrink / members) * members
  return { urls: servers.map(({ url }) => url), clients: fewer, members, atOnce, durable, namesSeq }
}

/** A number among the parameters of a case. */
export function numberOf({ parameters }: Pick<Setting, 'parameters'>, name: string): number {
  const value = parameters[name]
  if (typeof value !== 'number') throw new Error(`The case has no number "${name}"`)
  return value
}

/** Bytes that Redis has sent to all of its clients. */
export async function bytesSentBy(redis: Redis): Promise<number> {
  return Number(/^total_net_output_bytes:(\d+)/m.exec(await redis.info('stats'))?.[1])
}

/** CPU time that Redis has used, s. */
export async function redisCpu(redisUrl: string): Promise<number> {
  const redis = new Redis(redisUrl)
  try {
    const info = await redis.info('cpu')
    const of = (name: string) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1])
    return of('used_cpu_user') + of('used_cpu_sys')
  } finally {
    redis.disconnect()
  }
}

export const pause = (seconds: number) => new Promise<void>((resolve) => setTimeout(resolve, seconds * 1000))
