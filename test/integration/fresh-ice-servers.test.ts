import { describe, expect, test } from 'vitest'
import type { IceServerEntry } from '../../src/core/auth/turn-credentials.ts'
import { type Client, connect } from '../support/client.ts'
import { dialectDrivers, enterBy, receivedBy } from '../support/dialect-drivers.ts'
import { newRoom, startNode } from '../support/node.ts'

const stun = { urls: 'stun:127.0.0.1:3478' }
const turn = { TURN_URLS: 'turn:127.0.0.1:3478', TURN_SECRET: 'what coturn and the nodes both know' }
const env = { ICE_SERVERS: JSON.stringify([stun]), ...turn, TURN_TTL: 20, TICKET_TTL: 600 }
const node = await startNode({ env })

type Refreshed = { ticket: string; iceServers: IceServerEntry[] }

const refresh = async (client: Client, ...args: unknown[]) => client.request('refreshReconnectionTicket', ...args)
const refreshWithIce = async (client: Client) => (await refresh(client, { ice: true })).data as Refreshed

const datesOf = (ticket: string) =>
  JSON.parse(Buffer.from(ticket, 'base64').toString()) as { notBefore: number; notAfter: number }

/** How long the ticket and the TURN credentials of an ack are valid, s. */
function lifetimesOf({ ticket, iceServers }: Refreshed) {
  const { notBefore, notAfter } = datesOf(ticket)
  const [expiry = ''] = (iceServers.at(-1)?.username ?? '').split(':')
  return { ticket: (notAfter - notBefore) / 1000, turn: Number(expiry) - Math.floor(notBefore / 1000) }
}

const okStatuses = ['ok', 'success']

describe.each(dialectDrivers)('refreshReconnectionTicket of $name with', (driver) => {
  const { namespace } = driver
  const enterClient = () => enterBy(driver, node, newRoom())

  test('{ ice: true } is answered with a ticket that resumes the session and with new TURN credentials', async () => {
    const room = newRoom()
    const [ann, bob] = [await enterBy(driver, node, room), await enterBy(driver, node, room)]
    const { status, data } = await refresh(ann, { ice: true })
    expect(okStatuses).toContain(status)
    const { ticket, ...others } = data as Refreshed
    const user = expect.stringMatching(/^\d+:./)
    const turnEntry = { urls: ['turn:127.0.0.1:3478'], username: user, credential: expect.any(String) }
    expect(others).toEqual({ iceServers: [stun, turnEntry] })
    expect(lifetimesOf(data as Refreshed)).toEqual({ ticket: 600, turn: 20 })
    const resumed = await connect(node.url, { namespace })
    await resumed.relogin({ ticket, seq: 0 })
    await driver.send(bob, room, 'you are back', ann)
    await resumed.next(driver.event)
    expect(receivedBy(driver, resumed)).toContain('you are back')
  })

  test.each([[[]], [[null]], [[{}]], [[{ ice: false }]], [[{ ticket: 'the old one' }, 'more']]])(
    '%j is answered with a string',
    async (args) => {
      const { status, data } = await refresh(await enterClient(), ...args)
      expect([okStatuses.includes(status), typeof data]).toEqual([true, 'string'])
    },
  )

  test.each([
    [{ ice: 'yes' }, 'ice should be boolean'],
    [{ ice: 1 }, 'ice should be boolean'],
    [{ ice: null }, 'ice should be boolean'],
    ['ice', 'should be object'],
    [true, 'should be object'],
    [['ice'], 'should be object'],
  ])('%j is refused with the mistake, and does not invalidate the ticket', async (argument, messages) => {
    const ann = await enterClient()
    const { ticket } = await refreshWithIce(ann)
    const { status, error, code } = await refresh(ann, argument)
    expect([status, code]).toEqual(['error', 'bad_request'])
    expect(error).toMatch(messages)
    const resumed = await connect(node.url, { namespace })
    await resumed.relogin(ticket)
  })
})

test('the lifetimes of tickets and of TURN credentials do not limit each other', async () => {
  const { url } = await startNode({ env: { ...turn, TURN_TTL: 86_400, TICKET_TTL: 5 } })
  const ann = await connect(url)
  const joined = await ann.login({ room: newRoom() })
  const { iceServers } = joined as unknown as Refreshed
  expect(lifetimesOf({ ticket: ann.ticket, iceServers })).toEqual({ ticket: 5, turn: 86_400 })
  expect(lifetimesOf(await refreshWithIce(ann))).toEqual({ ticket: 5, turn: 86_400 })
})

test('a node without ICE servers answers with an empty list', async () => {
  const { url } = await startNode()
  const ann = await connect(url)
  await ann.login({ room: newRoom() })
  expect(await refreshWithIce(ann)).toEqual({ ticket: expect.any(String), iceServers: [] })
})

test('a node without a reconnect window sends TURN credentials too', async () => {
  const { url } = await startNode({ env: { ...turn, RECONNECT_WINDOW: 0 } })
  const ann = await connect(url)
  await ann.login({ room: newRoom() })
  expect((await refresh(ann)).code).toBe('reconnection_disabled')
  const { ticket, iceServers } = await refreshWithIce(ann)
  expect([typeof ticket, iceServers.length]).toEqual(['string', 1])
  expect(await ann.barrier()).toEqual([])
})
