import { type TSchema, Type } from 'typebox'
import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { isErrorCode } from '../../src/core/errors.ts'
import { roomIdOf } from '../../src/core/model.ts'
import type { Request, RequestDefinitions } from '../../src/protocol/dialect.ts'
import { portal, portalLegacy, portalV1 } from '../../src/protocol/portal.ts'
import { TicketAndSeq } from '../../src/protocol/session.ts'
import { type Answer, type Client, connect, enter, type Protocol } from '../support/client.ts'
import { publishBoth } from '../support/media.ts'
import { newRoom, startNode } from '../support/node.ts'
import { badValues, excessiveValues, type Named, smallValues } from './bad-values.ts'
import { watchUnhandledErrors } from './unhandled-errors.ts'

/** Each event of the portal and some unknown ones, with every kind of invalid data. */

const node = await startNode()

const portalTable: RequestDefinitions = portal
const tables: [Protocol, RequestDefinitions][] = [
  ['1.2', portal],
  ['1.1', portalV1],
  ['legacy', portalLegacy],
]
const unknownEvents = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'error',
  'message',
  'drop',
  ' login',
  'Login',
]
/** A request that several protocol versions share is tested in one of them. */
const requests: { protocol: Protocol; event: string; request?: Request }[] = [
  ...tables.flatMap(([protocol, table]) => {
    const ownRequests = Object.entries(table).filter(
      ([event, request]) => table === portal || portalTable[event] !== request,
    )
    return ownRequests.map(([event, request]) => ({ protocol, event, request }))
  }),
  ...unknownEvents.map((event) => ({ protocol: '1.2' as const, event })),
]

/** The payloads of login and relogin, whose schemas in the tables accept anything. */
const loginPayloads: { [event: string]: TSchema } = {
  login: Type.Object({
    token: Type.String(),
    userAgent: Type.Object({ sdk: Type.Object({ type: Type.String(), version: Type.String() }) }),
    protocol: Type.Literal('1.2'),
  }),
  relogin: TicketAndSeq,
}

const errors = watchUnhandledErrors(node)

/** A participant with a stream, on whom attackers must have no effect. `unharmed` checks that its state has not changed. */
async function withObserver() {
  const room = newRoom()
  const observer = await enter(node.url, { room, user: 'witness' })
  const stream = await publishBoth(observer, { about: 'me' })
  const ownState = async () => {
    const { members, streams } = await node.app.store.roster.roster(roomIdOf('portal', room))
    const member = members.find(({ id }) => id === observer.id)
    return { member, streams: streams.filter(({ owner }) => owner === observer.id) }
  }
  const before = await ownState()
  const unharmed = async (attackers: string[]) => {
    expect(await ownState()).toEqual(before)
    for (const { event, data, meta } of await observer.barrier()) {
      const participant = event === 'participant' ? (Object(Object(data).data).id ?? Object(data).data) : meta?.from
      expect(attackers).toContain(participant)
    }
  }
  return { room, observer, stream, unharmed }
}

/** Checks that the answer is an error with a reason, or `ok` if the request is valid. */
function expectAnswer(answer: Answer, mayPass: boolean): void {
  if (mayPass && answer.status !== 'error') return
  expect(answer.status).toBe('error')
  expect(answer.error).toEqual(expect.stringMatching(/./))
  expect(isErrorCode(String(answer.code))).toBe(true)
  expect(answer.code).not.toBe('internal')
}

describe.each(requests)('$protocol $event', ({ protocol, event, request }) => {
  const phase = request?.phase
  const payload = Object.hasOwn(loginPayloads, event) ? loginPayloads[event] : request?.payload
  const mayPass = (value: unknown) =>
    phase === 'needs_session' ||
    (phase === 'awaits_session' && payload !== undefined && Check(payload, overTheWire(value)))

  test('with invalid data is refused after the login', async () => {
    const { room, observer, stream, unharmed } = await withObserver()
    let client = await enter(node.url, { room, protocol })
    const attackers = [client.id]
    for (const [, value] of [...badValues(payload, [observer.id, stream]), ...excessiveValues(payload)]) {
      expectAnswer(await client.request(event, value), mayPass(value))
      if (event !== 'logout') continue
      client = await enter(node.url, { room, protocol })
      attackers.push(client.id)
    }
    await client.barrier()
    await unharmed(attackers)
  })

  test('with invalid data is refused after the login, wherever its ack function is', async () => {
    const { room, unharmed } = await withObserver()
    let client = await enter(node.url, { room, protocol })
    const attackers = [client.id]
    for (const [, value] of smallValues) {
      client.socket.emit(event, value)
      client.socket.emit(
        event,
        () => errors.push('an ack for a request whose ack function is not its last argument'),
        value,
        'more',
        null,
      )
      const numbered = await client.request(event, value, null, { rid: -1 })
      expect(numbered.code).toBe(request ? 'bad_request' : 'unknown_event')
      const displaced = await client.request(event, () => errors.push('two acks'), value)
      expectAnswer(displaced, phase === 'needs_session')
      if (event !== 'logout') continue
      client = await enter(node.url, { room, protocol })
      attackers.push(client.id)
    }
    await client.barrier()
    await unharmed(attackers)
  })

  test('with invalid data is refused before the login', async () => {
    const { room, observer, stream, unharmed } = await withObserver()
    const values = [...badValues(payload, [observer.id, stream]), ...excessiveValues(undefined)]
    await (phase === 'login' ? tryEach(event, values) : tryTogether(event, values))
    await unharmed([])
    await enter(node.url, { room, protocol })
  })
})

/** Sends each value on its own connection: a login or relogin that fails ends its connection, if the node has read it. */
async function tryEach(event: string, values: Named[]): Promise<void> {
  for (const [, value] of values) {
    const client = await connect(node.url)
    const answer = await client.request(event, value)
    expectAnswer(answer, false)
    if (answer.code === 'too_large' || String(answer.error).includes('nested')) client.cut()
    else expect(await client.closed).toBe('io server disconnect')
  }
  for (const [, value] of smallValues) {
    const client = await connect(node.url)
    client.socket.emit(event, value)
    expect(await client.closed).toBe('io server disconnect')
  }
}

/** Sends all values on one connection: valid requests wait for the login, and are refused when it fails. */
async function tryTogether(event: string, values: Named[]): Promise<void> {
  const client: Client = await connect(node.url)
  const answers = values.map(([, value]) => {
    client.socket.emit(event, value)
    return client.request(event, value)
  })
  await client.request('login', null)
  for (const answer of await Promise.all(answers)) expectAnswer(answer, false)
  await client.closed
}

/** The value that arrives at the receiver. */
function overTheWire(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value
  if (value === undefined) return null
  return JSON.parse(JSON.stringify(value))
}
