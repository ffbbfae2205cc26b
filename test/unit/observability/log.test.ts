import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { SignalError } from '../../../src/core/errors.ts'
import { createHttp } from '../../../src/http/server.ts'
import { createLog } from '../../../src/observability/log.ts'
import { redisUrl } from '../../support/redis.ts'

const secret = 'a ticket of a client'

/** An error of ioredis that Redis answered. */
async function refused(perform: (redis: Redis) => Promise<unknown>): Promise<Error> {
  const redis = new Redis(redisUrl())
  onTestFinished(() => redis.disconnect())
  return perform(redis).then(
    () => expect.fail('Redis accepted the command'),
    (error: Error) => error,
  )
}

const errors: [string, () => Promise<Error>][] = [
  ['a command with wrong arguments', () => refused((redis) => redis.set('key', secret, secret as 'EX', 1))],
  ['an unknown command', () => refused((redis) => redis.call('unknown', secret))],
  ['a script that fails', () => refused((redis) => redis.eval('return nothing()', 1, 'key', secret))],
]

const wrapped: [string, (error: Error) => Error][] = [
  ['the error itself', (error) => error],
  ['the cause of a refusal', (cause) => new SignalError('unavailable', '', { cause })],
  ['one of several errors', (error) => new AggregateError([error], 'several')],
  ['a field of another error', (error) => Object.assign(new Error('other'), { lastNodeError: error })],
]

const cases = errors.flatMap(([what, make]) => wrapped.map(([how, wrap]) => ({ what, how, make, wrap })))

test.each(cases)(
  'the logged error of $what, as $how, does not contain the arguments of the command',
  async ({ make, wrap }) => {
    const error = wrap(await make())
    const lines: string[] = []
    const log = createLog('info', 'a', { write: (line) => void lines.push(line) })
    log.error({ err: error }, 'failed')
    log.child({ room: 'r' }).error({ err: error }, 'failed')
    const http = createHttp({
      logger: log,
      corsOrigins: [],
      refused: (reason, about, err) => log.error({ reason, ...about, err }, 'failed'),
    })
    onTestFinished(() => http.close())
    http.get('/', async () => Promise.reject(error))
    expect((await http.inject('/')).statusCode).toBeGreaterThanOrEqual(500)
    expect(lines.length).toBeGreaterThanOrEqual(3)
    expect(lines.join('')).not.toContain(secret)
    expect(lines.join('')).toContain('ERR ')
  },
)

test('the logged error of a command contains its name', async () => {
  const lines: string[] = []
  const log = createLog('info', 'a', { write: (line) => void lines.push(line) })
  log.error({ err: await refused((redis) => redis.set('key', secret, secret as 'EX', 1)) })
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ err: { message: expect.any(String), command: 'set' } })
})
