import { type TSchema, Type } from 'typebox'
import { Check } from 'typebox/value'
import { describe, expect, test } from 'vitest'
import { isErrorCode } from '../../src/core/errors.ts'
import { roomIdOf } from '../../src/core/model.ts'
import type { Dialect, Request } from '../../src/protocol/dialect.ts'
import { portal, portalLegacy, portalV1 } from '../../src/protocol/portal.ts'
import { TicketAndSeq } from '../../src/protocol/session.ts'
import { type Answer, type Client, connect, enter, type Protocol } from '../support/client.ts'
import { newRoom, startNode } from '../support/node.ts'
import { watchAccidents } from './accidents.ts'
import { badValues, excessiveValues, type Named, smallValues } from './bad-values.ts'
import { publishBoth } from './media.ts'

/** Everything in the tables, and names that no table has, with everything that is wrong with their data. */

const node = await startNode()

const portalTable: Dialect = portal
const tables: [Protocol, Dialect][] = [
  ['1.2', portal],
  ['1.1', portalV1],
  ['legacy', portalLegacy],
]
const strangers = [
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
/** What a protocol has from another is tried there. */
const requests: { protocol: Protocol; event: string; request?: Request }[] = [
  ...tables.flatMap(([protocol, table]) => {
    const own = Object.entries(table).filter(([event, request]) => table === portal || portalTable[event] !== request)
    return own.map(([event, request]) => ({ protocol, event, request }))
  }),
  ...strangers.map((event) => ({ protocol: '1.2' as const, event })),
]

/** What login and relogin look into, though their tables take anything. */
const entries: { [event: string]: TSchema } = {
  login: Type.Object({
    token: Type.String(),
    userAgent: Type.Object({ sdk: Type.Object({ type: Type.String(), version: Type.String() }) }),
    protocol: Type.Literal('1.2'),
  }),
  relogin: TicketAndSeq,
}

const accidents = watchAccidents(node)

/** One who must not notice anything, with a stream; `unharmed` says that all is as it was. */
async function witnessed() {
  const room = newRoom()
  const witness = await enter(node.url, { room, user: 'witness' })
  const stream = await publishBoth(witness, { about: 'me' })
  const own = async () => {
    const { members, streams } = await node.app.state.roster.roster(roomIdOf('portal', room))
    const member = members.find(({ id }) => id === witness.id)
    return { member, streams: streams.filter(({ owner }) => owner === witness.id) }
  }
  const before = await own()
  const unharmed = async (attackers: string[]) => {
    expect(await own()).toEqual(before)
    for (const { event, data, meta } of await witness.barrier()) {
      const told = event === 'participant' ? (Object(Object(data).data).id ?? Object(data).data) : meta?.from
      expect(attackers).toContain(told)
    }
  }
  return { room, witness, stream, unharmed }
}

/** Exactly one answer is there by then: an error that the client is told the reason of, or what is asked for is all right. */
function expectAnswer(answer: Answer, mayPass: boolean): void {
  if (mayPass && answer.status !== 'error') return
  expect(answer.status).toBe('error')
  expect(answer.error).toEqual(expect.stringMatching(/./))
  expect(isErrorCode(String(answer.code))).toBe(true)
  expect(answer.code).not.toBe('internal')
}

describe.each(requests)('$protocol $event', ({ protocol, event, request }) => {
  const phase = request?.phase
  const payload = Object.hasOwn(entries, event) ? entries[event] : request?.payload
  const mayPass = (value: unknown) =>
    phase === 'session' || (phase === 'in_room' && payload !== undefined && Check(payload, overTheWire(value)))

  test('after login', async () => {
    const { room, witness, stream, unharmed } = await witnessed()
    let client = await enter(node.url, { room, protocol })
    const attackers = [client.id]
    for (const [, value] of [...badValues(payload, [witness.id, stream]), ...excessiveValues(payload)]) {
      expectAnswer(await client.request(event, value), mayPass(value))
      if (event !== 'logout') continue
      client = await enter(node.url, { room, protocol })
      attackers.push(client.id)
    }
    await client.barrier()
    await unharmed(attackers)
  })

  test('after login, with the ack elsewhere or nowhere', async () => {
    const { room, unharmed } = await witnessed()
    let client = await enter(node.url, { room, protocol })
    const attackers = [client.id]
    for (const [, value] of smallValues) {
      client.socket.emit(event, value)
      client.socket.emit(event, () => accidents.push('an ack for what is none'), value, 'more', null)
      const numbered = await client.request(event, value, null, { rid: -1 })
      expect(numbered.code).toBe(request ? 'bad_request' : 'unknown_event')
      const displaced = await client.request(event, () => accidents.push('two acks'), value)
      expectAnswer(displaced, phase === 'session')
      if (event !== 'logout') continue
      client = await enter(node.url, { room, protocol })
      attackers.push(client.id)
    }
    await client.barrier()
    await unharmed(attackers)
  })

  test('before login', async () => {
    const { room, witness, stream, unharmed } = await witnessed()
    const values = [...badValues(payload, [witness.id, stream]), ...excessiveValues(undefined)]
    await (phase === 'login' ? tryEach(event, values) : tryTogether(event, values))
    await unharmed([])
    await enter(node.url, { room, protocol })
  })
})

/** A login or relogin that fails ends the connection, if it was read at all. */
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

/** What is well formed waits for a login, and is refused with it. */
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

/** What is left of a value when it arrives. */
function overTheWire(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return value
  if (value === undefined) return null
  return JSON.parse(JSON.stringify(value))
}
