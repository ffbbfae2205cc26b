import { describe, expect, onTestFinished, test } from 'vitest'
import { iceLifetimeMs } from '../../../src/client/ice-credentials.ts'
import { Mesh } from '../../../src/client/mesh/mesh.ts'
import { Rooms } from '../../../src/client/rooms.ts'
import { FakeClock, quiet } from './fake-clock.ts'
import { FakeNodes } from './fake-node.ts'
import { FakePeerConnection } from './fake-peer-connection.ts'

/** The date of the tickets on the servers' clock, ms since the epoch. The clock of the test device is far from it. */
const epoch = 1_900_000_000_000

const ticketOf = (id: string, seconds = 600) =>
  btoa(JSON.stringify({ ticketId: id, notBefore: epoch, notAfter: epoch + seconds * 1000 }))

/** TURN credentials that expire so many seconds after the date of `ticketOf`. */
const turn = (id: string, seconds = 60) => [
  { urls: ['turn:x'], username: `${epoch / 1000 + seconds}:${id}`, credential: id },
]

/** Resolves when the peer connections have no pending operations. */
const untilSettled = async () => {
  for (let n = 0; n < 20; n += 1) await quiet()
}

type Timing = { random?: number; ticketSeconds?: number; iceServers?: object[]; members?: string[] }

/** Ann in a room with a mesh, connected to a node that the test plays. */
async function inCall({ random = 0.5, ticketSeconds, iceServers = turn('one'), members = ['b'] }: Timing = {}) {
  const [clock, nodes] = [new FakeClock(), new FakeNodes()]
  const page = { wake: () => {} }
  const pageEvents = {
    onChange: () => () => {},
    onWake: (listener: () => void) => {
      page.wake = listener
      return () => {}
    },
  }
  const parts = { clock, random: () => random, network: pageEvents, connect: nodes.connect }
  const rooms = new Rooms({ url: 'http://a', parts })
  onTestFinished(() => rooms.close())
  const entering = rooms.enter('den')
  await quiet()
  const link = nodes.last
  const others = members.map((id) => ({ id, nickname: id }))
  const ticket = ticketOf('one', ticketSeconds)
  link.ok('enter_room', { id: 'a', room: 'den', members: others, ticket, seq: 1, iceServers })
  await entering
  const peerConnections: FakePeerConnection[] = []
  const network = { change: (_online: boolean) => {} }
  const mesh = new Mesh(rooms.channel, {
    createPeerConnection: (configuration) => {
      peerConnections.push(new FakePeerConnection(configuration))
      return peerConnections.at(-1) as FakePeerConnection
    },
    network: {
      onChange: (listener) => {
        network.change = listener
        return () => {}
      },
    },
  })
  mesh.start()
  const notifications: unknown[] = []
  rooms.on('iceServers', (servers) => notifications.push(servers))
  const refreshRequests = (on = nodes.last) => on.all('refreshReconnectionTicket').map(({ args }) => args)
  const renewed = (id: string, seconds?: number) =>
    nodes.last.ok('refreshReconnectionTicket', { ticket: ticketOf(id, ticketSeconds), iceServers: turn(id, seconds) })
  const connection = (id: string) => mesh.connections.get(id) as FakePeerConnection
  return {
    clock,
    nodes,
    rooms,
    link,
    page,
    network,
    peerConnections,
    notifications,
    refreshRequests,
    renewed,
    connection,
  }
}

describe('the lifetime of credentials', () => {
  test.each([
    ['one TURN server', turn('one', 60), 60_000],
    ['of several, that which expires first', [{ urls: 'stun:x' }, ...turn('one', 90), ...turn('two', 60)], 60_000],
    ['a username without a date', [{ urls: 'turn:x', username: 'ann', credential: 'x' }], undefined],
    ['a username that only looks like a date', [{ urls: 'turn:x', username: '1234:ann', credential: 'x' }], undefined],
    ['a date that is over by the clock of the ticket', turn('one', -60), 600_000],
    ['no TURN server', [{ urls: 'stun:x' }], undefined],
    ['no server', [], undefined],
  ])('%s', (_name, servers, lifetime) => {
    expect(iceLifetimeMs(servers, ticketOf('one'))).toBe(lifetime)
  })

  test('is ten minutes if the ticket has no date', () => {
    expect(iceLifetimeMs(turn('one', 86_400), 'no ticket')).toBe(600_000)
  })
})

describe('a quiet session', () => {
  test.each([0, 0.999])('renews before half of the lifetime is over, again and again (random %d)', async (random) => {
    const { clock, notifications, refreshRequests, renewed } = await inCall({ random })
    for (let n = 1; n <= 5; n += 1) {
      await clock.pass(17_900)
      expect(refreshRequests()).toHaveLength(n - 1)
      await clock.pass(6100)
      expect(refreshRequests().at(-1)).toEqual([{ ice: true }])
      expect(refreshRequests()).toHaveLength(n)
      renewed(`${n}`)
      expect(notifications).toHaveLength(n)
    }
  })

  test('sets the new credentials on open connections, and on later ones', async () => {
    const { clock, rooms, link, renewed, connection } = await inCall()
    link.emit('welcome', 'cid', { seq: 2, from: 'c' })
    await clock.pass(25_000)
    renewed('two')
    expect(connection('c').iceServers).toEqual(turn('two'))
    link.emit('welcome', 'dot', { seq: 3, from: 'd' })
    link.emit('offer', { type: 'offer', sdp: '{"tracks":[]}' }, { seq: 4, from: 'b' })
    await quiet()
    expect(connection('d').iceServers).toEqual(turn('two'))
    expect(connection('b').iceServers).toEqual(turn('two'))
    expect(rooms.iceServers).toEqual(turn('two'))
  })

  test('resumes with the ticket that came with the credentials, and renews those of the relogin', async () => {
    const { clock, nodes, link, refreshRequests, renewed } = await inCall()
    await clock.pass(25_000)
    renewed('two')
    link.cut()
    await clock.pass(1000)
    expect(nodes.last.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('two'), seq: 1 }])
    nodes.last.ok('relogin', { ticket: ticketOf('three'), seq: 1, complete: true, iceServers: turn('three') })
    await clock.pass(17_000)
    expect(refreshRequests()).toEqual([])
    await clock.pass(8000)
    expect(refreshRequests()).toEqual([[{ ice: true }]])
  })

  test('a ticket that expires before the credentials is refreshed alone', async () => {
    const { clock, link, notifications, refreshRequests } = await inCall({
      ticketSeconds: 10,
      iceServers: turn('one', 3600),
    })
    for (let n = 1; n <= 3; n += 1) {
      await clock.pass(7000)
      expect(refreshRequests()).toEqual(Array.from({ length: n }, () => []))
      link.ok('refreshReconnectionTicket', ticketOf(`${n}`, 10))
    }
    expect(notifications).toEqual([])
  })

  test.each([
    ['no TURN server', [{ urls: 'stun:x' }]],
    ['fixed credentials', [{ urls: 'turn:x', username: 'ann', credential: 'x' }]],
  ])('with %s only the ticket is refreshed', async (_name, iceServers) => {
    const { clock, link, refreshRequests } = await inCall({ iceServers })
    for (let n = 1; n <= 3; n += 1) {
      await clock.pass(392_000)
      expect(refreshRequests()).toEqual(Array.from({ length: n }, () => []))
      link.ok('refreshReconnectionTicket', ticketOf(`${n}`))
    }
  })
})

describe('a renewal that fails', () => {
  test('uses the ticket of a node of an older version, and asks a newer node again', async () => {
    const { clock, nodes, link, notifications, refreshRequests, renewed } = await inCall()
    await clock.pass(25_000)
    link.ok('refreshReconnectionTicket', ticketOf('two'))
    expect([notifications, refreshRequests()]).toEqual([[], [[{ ice: true }]]])
    await clock.pass(1000)
    expect(refreshRequests()).toHaveLength(2)
    link.ok('refreshReconnectionTicket', ticketOf('three'))
    link.cut()
    await clock.pass(1000)
    expect(nodes.last.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('three'), seq: 1 }])
    nodes.last.ok('relogin', { ticket: ticketOf('four'), seq: 1, complete: true })
    await clock.pass(1000)
    renewed('five')
    expect(notifications).toEqual([turn('five')])
  })

  test('is repeated, less and less often, also after the credentials have expired', async () => {
    const { clock, link, refreshRequests, renewed, notifications } = await inCall()
    await clock.pass(25_000)
    const pauses: number[] = []
    for (let n = 1; n <= 12; n += 1) {
      link.refuse('refreshReconnectionTicket', 'unavailable')
      const from = clock.now()
      while (refreshRequests().length === n) await clock.pass(100)
      pauses.push(clock.now() - from)
    }
    expect(pauses).toEqual(pauses.toSorted((one, other) => one - other))
    expect(pauses.at(-1)).toBe(30_000)
    renewed('two')
    expect(notifications).toEqual([turn('two')])
  })

  test('is repeated without an answer, and a late answer counts, because the server regards its ticket as received', async () => {
    const { clock, nodes, link, notifications, refreshRequests, renewed } = await inCall()
    await clock.pass(35_000)
    expect(refreshRequests().length).toBeGreaterThan(1)
    const [first] = link.all('refreshReconnectionTicket')
    first?.answer({ ok: true, data: { ticket: ticketOf('two'), iceServers: turn('two') } })
    expect(notifications).toEqual([turn('two')])
    renewed('three')
    link.cut()
    await clock.pass(1000)
    expect(nodes.last.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('three'), seq: 1 }])
  })
})

describe('an ICE restart', () => {
  /** A call with two others, twenty seconds after the login. */
  async function twoCalls(timing: Timing = {}) {
    const call = await inCall({ iceServers: turn('one', 3600), members: [], ...timing })
    for (const [index, from] of ['b', 'c'].entries()) call.link.emit('welcome', from, { seq: 2 + index, from })
    await call.clock.pass(20_000)
    for (const { answer } of call.link.all('offer')) answer({ ok: true, data: undefined })
    const ice = () => call.peerConnections.map(({ ice }) => ice)
    return { ...call, ice }
  }

  test('waits for new credentials, and one request serves all connections', async () => {
    const { network, peerConnections, refreshRequests, renewed, ice } = await twoCalls()
    network.change(true)
    expect([refreshRequests(), ice()]).toEqual([[[{ ice: true }]], [1, 1]])
    renewed('two', 3600)
    await quiet()
    expect(ice()).toEqual([2, 2])
    expect(peerConnections.map(({ iceServers }) => iceServers)).toEqual([turn('two', 3600), turn('two', 3600)])
  })

  test('waits for 3 s at most, and the client continues to request credentials', async () => {
    const { clock, network, ice, notifications, renewed } = await twoCalls()
    network.change(true)
    await clock.pass(2999)
    expect(ice()).toEqual([1, 1])
    await clock.pass(1)
    expect(ice()).toEqual([2, 2])
    renewed('two', 3600)
    expect(notifications).toHaveLength(1)
  })

  test.each([
    ['a node of an older version', { ok: true, data: ticketOf('two') } as const],
    ['a refusal', { ok: false, code: 'unavailable', message: '' } as const],
  ])('does not wait after the answer of %s', async (_name, answer) => {
    const { link, network, ice } = await twoCalls()
    network.change(true)
    link.all('refreshReconnectionTicket')[0]?.answer(answer)
    await quiet()
    expect(ice()).toEqual([2, 2])
  })

  test('waits for the credentials of the relogin while the session has no connection', async () => {
    const { clock, nodes, link, network, peerConnections, ice } = await twoCalls()
    link.cut()
    network.change(true)
    await clock.pass(1000)
    expect(ice()).toEqual([1, 1])
    nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 3, complete: true, iceServers: turn('two') })
    await quiet()
    expect(ice()).toEqual([2, 2])
    expect(peerConnections.map(({ iceServers }) => iceServers)).toEqual([turn('two'), turn('two')])
  })

  test('of a connection that failed right after a relogin uses its credentials', async () => {
    const { clock, nodes, link, peerConnections, refreshRequests, ice } = await twoCalls()
    for (const connection of peerConnections) connection.signalingState = 'stable'
    link.cut()
    await clock.pass(1000)
    nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 3, complete: true, iceServers: turn('two') })
    for (const connection of peerConnections) connection.go('failed')
    await quiet()
    expect([refreshRequests(), ice()]).toEqual([[], [2, 2]])
  })

  test.each([
    ['no TURN server', [{ urls: 'stun:x' }]],
    ['fixed credentials', [{ urls: 'turn:x', username: 'ann', credential: 'x' }]],
  ])('with %s does not wait', async (_name, iceServers) => {
    const { network, refreshRequests, ice } = await twoCalls({ iceServers })
    network.change(true)
    await untilSettled()
    expect([refreshRequests(), ice()]).toEqual([[], [2, 2]])
  })

  test('does not happen after the end of the call', async () => {
    const { rooms, network, peerConnections } = await twoCalls()
    network.change(true)
    rooms.close()
    await quiet()
    expect(peerConnections.map(({ signalingState, ice }) => [signalingState, ice])).toEqual([
      ['closed', 1],
      ['closed', 1],
    ])
  })
})

describe('timers that are late, as in a hidden tab', () => {
  test('a page that is shown again renews at once if the renewal is due', async () => {
    const { clock, page, refreshRequests, renewed } = await inCall()
    page.wake()
    expect(refreshRequests()).toEqual([[]])
    renewed('two')
    clock.oversleep(20_000)
    page.wake()
    expect(refreshRequests()).toEqual([[], [{ ice: true }]])
  })

  test('an offer to a new participant waits for new credentials', async () => {
    const { clock, link, refreshRequests, renewed, connection } = await inCall()
    clock.oversleep(70_000)
    link.emit('welcome', 'cid', { seq: 2, from: 'c' })
    await untilSettled()
    expect([refreshRequests(), link.all('offer')]).toEqual([[[{ ice: true }]], []])
    renewed('two')
    await untilSettled()
    expect(connection('c').gatheredWith).toEqual([turn('two')])
    expect(link.all('offer')).toHaveLength(1)
  })

  test('an answer waits for new credentials', async () => {
    const { clock, link, refreshRequests, renewed, connection } = await inCall()
    clock.oversleep(70_000)
    link.emit('offer', { type: 'offer', sdp: '{"tracks":[]}' }, { seq: 2, from: 'b' })
    link.emit('ice', { candidate: 'of the caller' }, { seq: 3, from: 'b' })
    await untilSettled()
    expect([refreshRequests(), link.all('answer')]).toEqual([[[{ ice: true }]], []])
    renewed('two')
    await untilSettled()
    expect(connection('b').gatheredWith).toEqual([turn('two')])
    expect(connection('b').candidates).toEqual([{ candidate: 'of the caller' }])
    expect(link.all('answer')).toHaveLength(1)
  })

  test('an offer to a new participant is sent without new credentials if the server does not answer', async () => {
    const { clock, link } = await inCall()
    clock.oversleep(70_000)
    link.emit('welcome', 'cid', { seq: 2, from: 'c' })
    await clock.pass(3000)
    await untilSettled()
    expect(link.all('offer')).toHaveLength(1)
  })

  test('missed notifications are processed with the credentials of the relogin', async () => {
    const { clock, nodes, link, connection } = await inCall()
    link.cut()
    clock.oversleep(70_000)
    await clock.pass(1000)
    const early = nodes.last
    early.ok('relogin', { ticket: ticketOf('two'), seq: 2, complete: true, iceServers: turn('two') })
    early.emit('welcome', 'cid', { seq: 2, from: 'c' })
    await quiet()
    expect(connection('c').iceServers).toEqual(turn('two'))
  })
})
