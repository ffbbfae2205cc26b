import { quantile } from '../harness/statistics.ts'
import type { Delivered, Traffic } from './commands.ts'
import type { ClientPool, Member } from './pool.ts'

/** How long the last deliveries may take after the last message was sent, ms. */
const drainTimeoutMs = 10_000
const sendIntervalMs = 2
/** A message begins with the time at which it was sent. */
const padding = 'x'.repeat(500)
const messageStart = '"message":"'

type Addressing = {
  /** Whom member `index` writes to. */
  to: (index: number) => string
  /** How many clients receive a message. */
  receivers: number
}

/** Each message goes to the neighbour in the room, which is on another server if there are several. */
export function direct(pool: ClientPool, traffic: Traffic): Promise<Delivered> {
  return send(pool, traffic, { to: (index) => (pool.members[index ^ 1] as Member).id, receivers: 1 })
}

export function broadcast(pool: ClientPool, traffic: Traffic & { members: number }): Promise<Delivered> {
  return send(pool, traffic, { to: () => 'all', receivers: traffic.members })
}

/** Sends at a steady rate without waiting for acks. Resolves when all is delivered and acked, or at the timeout. */
async function send(
  pool: ClientPool,
  { rate, seconds, maxDelayMs }: Traffic,
  addressing: Addressing,
): Promise<Delivered> {
  const { to, receivers } = addressing
  const count = Math.max(1, Math.round(rate * seconds))
  const times: number[] = []
  let [sent, acked, refused] = [0, 0, 0]
  let stopped = false
  let check = () => {}
  pool.events = {
    event: (_, frame) => {
      if (!frame.startsWith('42["text"')) return
      const at = frame.indexOf(messageStart) + messageStart.length
      const delay = performance.now() - Number.parseFloat(frame.slice(at, at + 20))
      times.push(delay)
      if (maxDelayMs !== undefined && delay > maxDelayMs) stopped = true
      check()
    },
    ack: (accepted) => {
      acked += 1
      if (!accepted) refused += 1
      check()
    },
  }
  const { members } = pool
  const started = performance.now()
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(count, ((performance.now() - started) / 1000) * rate)
      for (; sent < due && !stopped; sent += 1) {
        const index = sent % members.length
        const time = `${performance.now()} `
        const message = time + padding.slice(time.length)
        members[index]?.client.send('text', `{"to":"${to(index)}","message":"${message}"}`)
      }
      if (sent >= count || stopped) {
        clearInterval(timer)
        resolve()
      }
    }, sendIntervalMs)
  })
  const sendingSeconds = (performance.now() - started) / 1000
  const isDone = () => times.length >= (sent - refused) * receivers && acked >= sent
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, drainTimeoutMs)
    check = () => {
      if (!isDone()) return
      clearTimeout(timer)
      resolve()
    }
    check()
  })
  const result = { sent, delivered: times.length, refused, seconds: sendingSeconds, stopped }
  return { ...result, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}
