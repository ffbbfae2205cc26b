import { expect, onTestFinished, test } from 'vitest'
import { enter } from '../../support/client.ts'
import { FaultProxy } from '../../support/fault-proxy.ts'
import { caller, managementKeys } from '../../support/management-caller.ts'
import { newRoom, startNode } from '../../support/node.ts'
import { randomPrefix, redisUrl } from '../../support/redis.ts'

test('a message from a backend is delivered once when the answer of Redis is lost and the node repeats the command', async () => {
  const proxy = await FaultProxy.start()
  proxy.target = Number(new URL(redisUrl()).port)
  const redis = { url: `redis://127.0.0.1:${proxy.port}`, prefix: randomPrefix() }
  const node = await startNode({ redis, env: { MANAGEMENT_KEYS: managementKeys } })
  onTestFinished(() => node.close())
  const room = newRoom()
  const ann = await enter(node.url, { room })
  const post = (event: string) =>
    caller(node.url)('POST', `/v1/rooms/${encodeURIComponent(room)}/messages`, { body: { event } })
  expect(await post('before')).toMatchObject({ status: 200, body: { seq: 2 } })
  proxy.loseAnswers(/eval[\s\S]*"event":"once"/)
  expect(await post('once')).toMatchObject({ status: 200, body: { seq: 3 } })
  expect(proxy.answersLost).toBe(1)
  expect(await post('after')).toMatchObject({ status: 200, body: { seq: 4 } })
  await ann.next('after')
  expect(ann.seen.map(({ event }) => event)).toEqual(['before', 'once', 'after'])
})
