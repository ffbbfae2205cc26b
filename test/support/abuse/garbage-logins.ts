import { setTimeout as pause } from 'node:timers/promises'
import { type Attacker, spaced } from './attacker.ts'
import { closed, connected, many } from './connection.ts'

const garbage: ((index: number) => unknown[])[] = [
  () => ['login', null],
  (index) => ['login', { token: 'x'.repeat(index % 500), userAgent: { sdk: { type: 'x', version: '1' } } }],
  (index) => [
    'login',
    {
      token: Buffer.from(`{"tokenId":"${index}","host":"h"}`).toString('base64'),
      userAgent: { sdk: { type: 'x', version: '1' } },
    },
  ],
  (index) => ['relogin', Buffer.from(`{"ticketId":"${index}"}`).toString('base64')],
  () => ['relogin', { ticket: 'guess', seq: 1 }],
  (index) => ['relogin', 'x'.repeat(index % 5000)],
]

/** Connections that each log in or resume once with an invalid token or ticket. The node can delay a thousand refusals at a time. */
export const garbageLogins = ({ times }: { times: number }): Attacker => ({
  name: `${spaced(times)} garbage logins`,
  refusals: ['bad_user_agent', 'bad_token', 'token_signature', 'bad_ticket', 'throttled'],
  start: async (target) => {
    // new connections do not wait for delayed refusals, and open as many at once as the kernel takes
    const delayed: Promise<void>[] = []
    await many(times, 64, async (index) => {
      const socket = await connected(target)
      const request = garbage[index % garbage.length]?.(index)
      socket.send(`420${JSON.stringify(request)}`)
      const ended = closed(socket)
      delayed.push(ended)
      await Promise.race([ended, pause(20)])
    })
    await Promise.all(delayed)
  },
})
