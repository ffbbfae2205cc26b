import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { enter } from '../../support/client.ts'
import { newRoom, startNode, type TestNode } from '../../support/node.ts'
import { randomPrefix, startRedis } from '../../support/redis.ts'
import { asDocumentedUser } from '../../support/redis-user.ts'
import { until } from '../../support/until.ts'
import { measure } from './scrape.ts'

/** Starts a node with the documented user and some changed rules. `grant` gives the user its rights. */
async function startAs(changes: (prefix: string) => string[]) {
  const redis = await startRedis()
  const prefix = randomPrefix()
  const url = await asDocumentedUser(redis.url, prefix)
  const admin = new Redis(redis.url)
  const user = new URL(url).username
  const documented = (await admin.call('ACL', 'LIST')) as string[]
  const [, , ...rules] = documented.find((line) => line.includes(user))?.split(' ') ?? []
  await admin.call('ACL', 'SETUSER', user, ...changes(prefix))
  const node = await startNode({ redis: { url, prefix } })
  onTestFinished(async () => {
    admin.disconnect()
    await node.close()
    await redis.stop()
  })
  return { node, prefix, grant: () => admin.call('ACL', 'SETUSER', user, 'reset', ...rules) }
}

const readiness = async ({ opsUrl }: TestNode) =>
  (await (await fetch(`${opsUrl}/readyz`)).json()) as { reason?: string }
const isReady = async ({ opsUrl }: TestNode) => (await fetch(`${opsUrl}/readyz`)).ok

const channels = (prefix: string) => [
  `&${prefix}:*`,
  ...['', 'exchanger', 'p2p'].map((name) => `&${prefix}:io#/${name}#*`),
]

test.each([
  [
    'the channels of a namespace',
    (prefix: string) => ['resetchannels', ...channels(prefix)],
    /psubscribe \S+:io#\/rooms#\*/,
  ],
  ['all channels', () => ['resetchannels'], /ssubscribe \S+:feed/],
  ['a command', () => ['-xadd'], /xadd \S+:\{portal\/room\}:room/],
  [
    'some keys',
    (prefix: string) => [
      'resetkeys',
      ...['{', 'node', 'waiting', 'rooms', 'names'].map((name) => `~${prefix}:${name}*`),
    ],
    /del \S+:once:/,
  ],
  [
    'the keys of nonces',
    (prefix: string) => [
      'resetkeys',
      ...['{portal/', '{open:', `{${prefix}:`, 'no', 'waiting', 'r', 'names', 'once'].map(
        (name) => `~${prefix}:${name}*`,
      ),
    ],
    /del \S+:\{used\}/,
  ],
  [
    'the stored answers of the scripts that change rooms',
    (prefix: string) => [
      'resetkeys',
      ...['[^{]*', '{*}:[^d]*', `{${prefix}:nodes}:*`, '{used}*'].map((pattern) => `~${prefix}:${pattern}`),
    ],
    /del \S+:\{portal\/room\}:done:/,
  ],
])(
  'a node whose Redis user has no right to %s is not ready, and names the missing right',
  async (_what, changes, named) => {
    const { node, grant } = await startAs(changes)
    expect(await readiness(node)).toMatchObject({
      status: 'not ready',
      reason: expect.stringMatching(/^the Redis user lacks rights that a node needs: /),
    })
    expect((await readiness(node)).reason).toMatch(named)
    expect(await measure(node, 'redis_up')).toBe(0)
    const errors = node.logs.lines.filter(({ level, rights }) => level === 50 && named.test(String(rights)))
    expect(errors).toHaveLength(1)
    await grant()
    await until(() => isReady(node))
    await enter(node.url, { room: newRoom() })
  },
)
