import { describe, expect, test } from 'vitest'
import { Throttle } from '../../../src/core/auth/attempt-throttle.ts'
import { connect } from '../../support/client.ts'
import { type Answer, caller, error, keys, managementKeys, mauth } from '../../support/management-caller.ts'
import { newRoom, startNode, tokenFor } from '../../support/node.ts'

/** Guesses over HTTP: of a management key, and of the token or ticket that asks for ICE servers. */

const tooMany = error(429, 1101, 'Too many wrong credentials from this address: wait a minute')

/** Sends requests with an Authorization header that seem to come from this address. */
async function start(throttle: Throttle) {
  const node = await startNode({
    env: { MANAGEMENT_KEYS: managementKeys, TRUST_PROXY: 'loopback' },
    parts: { throttle },
  })
  return (authorization: string, path = '/v1/rooms', address = '203.0.113.1'): Promise<Answer> =>
    caller(node.url)('GET', path, { headers: { authorization, 'x-forwarded-for': address } })
}

const statuses = async (answers: Promise<Answer>[]) => (await Promise.all(answers)).map(({ status }) => status)

test('after ten guesses of any kind in a minute a client gets 429', async () => {
  const ask = await start(new Throttle())
  const guesses = ['Bearer guess', mauth('guess'), 'Basic x', 'x']
  for (let tries = 0; tries < 10; tries += 1) {
    expect(await ask(guesses[tries % guesses.length] ?? '')).toMatchObject(error(401, 1101))
  }
  const answer = await ask('Bearer guess')
  expect(answer).toMatchObject(tooMany)
  expect(answer.headers.get('retry-after')).toBe('60')
})

describe('with one free guess', () => {
  test.each([
    ['management keys', '/v1/rooms'],
    ['tokens', '/v1/ice-servers'],
  ])('guesses of %s are counted by address', async (_what, path) => {
    const ask = await start(new Throttle(1))
    expect((await ask('Bearer guess', path)).status).toBe(401)
    expect(await ask('Bearer guess', path)).toMatchObject(tooMany)
    expect((await ask('Bearer guess', path, '203.0.113.2')).status).toBe(401)
  })

  test('guesses from all addresses of one IPv6 network (/64) count together', async () => {
    const ask = await start(new Throttle(1))
    const statuses = []
    for (const address of ['2001:db8:1:2::1', '2001:db8:1:2::2', '2001:db8:1:3::1']) {
      statuses.push((await ask('Bearer guess', '/v1/rooms', address)).status)
    }
    expect(statuses).toEqual([401, 429, 401])
  })

  test.each([
    [
      'a ticket',
      async (url: string, extraHeaders: { [name: string]: string }) =>
        (await connect(url, { extraHeaders })).request('relogin', 'guess'),
    ],
    [
      'a token in the handshake',
      (url: string, extraHeaders: { [name: string]: string }) =>
        connect(url, { extraHeaders, namespace: '/rooms', auth: { token: 'guess' } }).catch(() => {}),
    ],
  ] as const)('guesses of %s over Socket.IO count by IPv6 network too', async (_what, guess) => {
    const env = { TRUST_PROXY: 'loopback', ANONYMOUS_DIALECTS: 'none' }
    const node = await startNode({ env, parts: { throttle: new Throttle(1) } })
    const throttled = () => node.logs.lines.filter(({ reason }) => reason === 'throttled').map(({ address }) => address)
    for (const address of ['2001:db8:1:2::1', '2001:db8:1:3::1', '2001:db8:1:2::2']) {
      await guess(node.url, { 'X-Forwarded-For': address })
    }
    expect(throttled()).toEqual(['2001:db8:1:2::2'])
  })

  test('a header that was already used counts as a guess', async () => {
    const ask = await start(new Throttle(1))
    const header = mauth()
    const answers = [await ask(header), await ask(header), await ask(header)]
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 429])
  })
})

test('a valid key or token is accepted at once while another client at the address guesses; a request without credentials does not count as a guess', async () => {
  const ask = await start(new Throttle(0))
  let answered = 0
  const count = () => {
    answered += 1
  }
  // the refusal of the first is delayed by 0.2 s, that of the last by 10 s, for which the test does not wait
  const guesses = Array.from({ length: 8 }, () => ask('Bearer guess').then(count, () => {}))
  await guesses[0]
  const token = `Bearer ${tokenFor({ room: newRoom() })}`
  const valid = [`Bearer ${keys.service}`, mauth(), `Bearer ${keys.new}`].map((header) => ask(header))
  expect(await statuses([...valid, ask(token, '/v1/ice-servers')])).toEqual([200, 200, 200, 200])
  expect(await statuses([ask(''), ask('', '/v1/ice-servers')])).toEqual([401, 401])
  expect(answered).toBeLessThan(8)
})
