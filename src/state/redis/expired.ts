import type { Keys } from './keys.ts'
import type { RedisReply, Scripts } from './scripts.ts'

export type DueMember = { member: string; score: number }

/** The members of a zset of times that are older than `ageMs`, oldest first. */
export async function olderThan(scripts: Scripts, key: string, ageMs: number, limit: number): Promise<DueMember[]> {
  const sentAt = performance.now()
  return learnFrom(scripts, key, sentAt, await scripts.run('older-than', [key], [ageMs, limit]))
}

/** The members of `waiting` whose window may have expired, oldest first. */
export async function expiredWindows(scripts: Scripts, keys: Keys, limit: number): Promise<DueMember[]> {
  const sentAt = performance.now()
  const reply = await scripts.run('expired-windows', [keys.waiting, keys.waitingClock], [limit])
  return learnFrom(scripts, keys.waiting, sentAt, reply)
}

/** The answer begins with the server's time, so the node notices a step of the clock before it acts on the ages that follow. */
function learnFrom({ clock }: Scripts, key: string, sentAt: number, reply: RedisReply): DueMember[] {
  const [time, ...pairs] = reply as [number, ...string[]]
  clock.learn(key, time, sentAt)
  return pairs.flatMap((member, index) => (index % 2 === 0 ? [{ member, score: Number(pairs[index + 1]) }] : []))
}
