import { Readable } from 'node:stream'
import Fastify from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import { requestTimeoutMs } from '../../../src/core/deadline.ts'
import { limitServingTime } from '../../../src/http/request-deadline.ts'

afterEach(() => void vi.useRealTimers())

test('the time in which a client sends its body does not count towards the deadline of its request', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  const app = Fastify()
  limitServingTime(app)
  app.post('/', async ({ deadline }) => ({ left: deadline - performance.now() }))
  const slowly = function* () {
    vi.advanceTimersByTime(20_000)
    yield '{}'
  }
  const headers = { 'content-type': 'application/json' }
  const response = await app.inject({ method: 'POST', url: '/', headers, payload: Readable.from(slowly()) })
  expect(response.json()).toEqual({ left: requestTimeoutMs })
})
