import { setTimeout as pause } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { type Attacker, spaced } from './attacker.ts'
import { answer, connected, keepAlive } from './connection.ts'

type Size = { members: number; rate: number; bytes: number; seconds: number }
export type HangingAnswers = { sent: number; longestMs: number }

/** The longest that a request may wait for its answer, ms, even if Redis hangs. */
const maxAnswerMs = 5000
const stepMs = 100

/**
 * Participants that send large messages within their rate while Redis hangs, so that the node can serve none of them. Resolves
 * to how many were sent, and to the longest wait for an answer. @throws Error when an answer is late or missing
 */
export const hangingQueue = ({ members, rate, bytes, seconds }: Size): Attacker<HangingAnswers> => ({
  name: `${members} participants that each send ${rate} messages of ${spaced(bytes / 1000)} kB a second while Redis hangs for ${seconds} s`,
  refusals: ['client_memory', 'unavailable'],
  start: async (target) => {
    const sockets = await Promise.all(
      Array.from({ length: members }, async (_, n) => {
        const socket = await connected(target, '/exchanger,')
        keepAlive(socket)
        const joined = answer(socket, '43/exchanger,0["ok"')
        socket.send(`42/exchanger,0${JSON.stringify(['joinStream', { channelName: `hanging ${n}` }])}`)
        await joined
        return socket
      }),
    )
    const results: HangingAnswers[] = []
    await target.whileRedisHangs(async () => {
      const each = sockets.map((socket, n) => sendAll(socket, `hanging ${n}`, { members, rate, bytes, seconds }))
      results.push(...(await Promise.all(each)))
    })
    for (const socket of sockets) socket.terminate()
    const longestMs = Math.max(...results.map((result) => result.longestMs))
    if (longestMs > maxAnswerMs) throw new Error(`An answer took ${Math.round(longestMs)} ms`)
    return { sent: results.reduce((sum, { sent }) => sum + sent, 0), longestMs }
  },
})

async function sendAll(
  socket: WebSocket,
  channelName: string,
  { rate, bytes, seconds }: Size,
): Promise<HangingAnswers> {
  const offer = JSON.stringify(['offer', { channelName, sessionDescriptor: 'x'.repeat(bytes) }])
  const unanswered = new Map<number, number>()
  const result = { sent: 0, longestMs: 0 }
  const lost = new Promise<never>((_, reject) => {
    socket.once('close', () => reject(new Error('The node closed a connection within its limits')))
  })
  lost.catch(() => {}) // also when it is closed in the end, by the attacker
  let answered = () => {}
  socket.on('message', (data: Buffer) => {
    const id = Number(/^43\/exchanger,(\d+)\[/.exec(String(data))?.[1])
    const sentAt = unanswered.get(id)
    if (sentAt === undefined) return
    unanswered.delete(id)
    result.longestMs = Math.max(result.longestMs, performance.now() - sentAt)
    if (unanswered.size === 0) answered()
  })
  const step = async () => {
    for (let n = 0; n < (rate * stepMs) / 1000; n += 1) {
      result.sent += 1
      unanswered.set(result.sent, performance.now())
      socket.send(`42/exchanger,${result.sent}${offer}`)
    }
    await pause(stepMs)
  }
  for (let at = 0; at < seconds * 1000; at += stepMs) await Promise.race([step(), lost])
  const all = new Promise<void>((resolve) => {
    answered = resolve
    if (unanswered.size === 0) resolve()
  })
  await Promise.race([all, lost, pause(maxAnswerMs)])
  if (unanswered.size > 0) throw new Error(`${unanswered.size} requests of ${channelName} have no answer`)
  return result
}
