import { expect, test } from 'vitest'
import { ClientSession } from '../../../src/client/client-session.ts'
import { SignalboxError } from '../../../src/client/errors.ts'
import { settingsOf } from '../../../src/client/settings.ts'
import { FakeClock, quiet } from './fake-clock.ts'
import { FakeNodes, ticketOf } from './fake-node.ts'

type Join = { ticket: string; seq: number }

function setUp(random = 0.5) {
  const [clock, nodes] = [new FakeClock(), new FakeNodes()]
  const net = { listener: (_online: boolean) => {}, wake: () => {}, hidden: false }
  const network = {
    onChange: (listener: (online: boolean) => void) => {
      net.listener = listener
      return () => {}
    },
    onWake: (listener: () => void) => {
      net.wake = listener
      return () => {}
    },
    throttled: () => net.hidden,
  }
  const parts = { clock, network, random: () => random, connect: nodes.connect }
  const session = new ClientSession(settingsOf({ url: ['http://a', 'http://b'], parts }), { namespace: '/' })
  const notifications: string[] = []
  session.on('notification', ({ event, args, meta }) =>
    notifications.push(`${event} ${args.join()} ${meta?.seq ?? '-'}`),
  )
  session.on('state', (state) => notifications.push(state))
  session.on('resync', ({ room, seq }) => notifications.push(`resync ${room} ${seq}`))
  session.on('closed', ({ code }) => notifications.push(`closed: ${code}`))
  const enter = () =>
    session.login({
      event: 'login',
      args: () => ['token'],
      read: (data) => ({ ...(data as Join), result: 'welcome' }),
      goodbye: { event: 'logout', args: [] },
    })
  const login = async (ticket = ticketOf('one'), seq = 5) => {
    const entered = enter()
    await quiet()
    nodes.last.ok('login', { ticket, seq })
    expect(await entered).toBe('welcome')
    return nodes.last
  }
  const setOnline = (isOnline: boolean) => net.listener(isOnline)
  return { clock, nodes, session, notifications, enter, login, setOnline, net }
}

test('after a lost connection the session resumes at the other node with ticket and seq, drops repeated notifications, and sends unacked requests again', async () => {
  const { clock, nodes, session, notifications, login } = setUp()
  const first = await login()
  first.emit('text', 'six', { seq: 6 })
  const [one, two] = [session.request('text', [1]), session.request('text', [2])]
  first.all('text')[0]?.answer({ ok: true, data: 'done' })
  expect(await one).toBe('done')
  first.cut()
  expect(session.state).toBe('waiting_for_reconnecting')
  await clock.pass(1000)
  const second = nodes.last
  expect(second.url).not.toBe(first.url)
  expect(second.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('one'), seq: 6 }])
  expect(second.all('text')).toEqual([])
  second.ok('relogin', { ticket: ticketOf('two'), seq: 6, complete: true })
  expect(second.all('text').map(({ args }) => args)).toEqual([[2, { rid: 2 }]])
  second.emit('text', 'six', { seq: 6 })
  second.emit('text', 'seven', { seq: 7 })
  second.emit('room_change', 'x')
  second.ok('text', 'also done')
  expect(await two).toBe('also done')
  expect(notifications).toEqual([
    'connecting',
    'connected',
    'text six 6',
    'waiting_for_reconnecting',
    'connecting',
    'connected',
    'text seven 7',
    'room_change x -',
  ])
})

test('a request that is refused as moved is sent again on the next connection', async () => {
  const { clock, nodes, session, login } = setUp()
  const first = await login()
  const request = session.request('text', [1])
  first.refuse('text', 'moved')
  first.cut()
  await clock.pass(1000)
  nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 5, complete: true })
  nodes.last.refuse('text', 'text_too_long')
  await expect(request).rejects.toMatchObject({ code: 'text_too_long' })
})

test('a draining node makes the session open a new connection before it closes the old one', async () => {
  const { clock, nodes, session, notifications, login } = setUp()
  const first = await login()
  const moves: unknown[] = []
  session.on('reconnected', (how) => moves.push(how))
  first.emit('draining', { withinMs: 8000 })
  await clock.pass(1999)
  expect(nodes.links).toHaveLength(1)
  await clock.pass(1)
  const second = nodes.last
  expect(second).not.toBe(first)
  expect(first.open).toBe(true)
  first.emit('text', 'meanwhile', { seq: 6 })
  const unacked = session.request('text', [1])
  await clock.pass(250)
  second.ok('relogin', { ticket: ticketOf('two'), seq: 5, complete: true })
  expect(first.open).toBe(false)
  second.emit('text', 'meanwhile', { seq: 6 })
  second.ok('text', 'done')
  expect(await unacked).toBe('done')
  expect(notifications).toEqual(['connecting', 'connected', 'text meanwhile 6'])
  expect(moves).toEqual([
    { from: { url: first.url, id: 'link 0' }, to: { url: second.url, id: 'link 1' }, ms: 250, planned: true },
  ])
})

test('an incomplete relogin emits resync with the room, and later notifications count from its seq', async () => {
  const { clock, nodes, session, notifications, login } = setUp()
  const first = await login()
  first.cut()
  await clock.pass(1000)
  nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 90, complete: false, room: 'snapshot' })
  nodes.last.emit('text', 'old', { seq: 90 })
  nodes.last.emit('text', 'new', { seq: 91 })
  expect(notifications.slice(-3)).toEqual(['resync snapshot 90', 'connected', 'text new 91'])
  expect(session.seq).toBe(91)
})

test('after ticket_spent the session tries the ticket before once, and then ends and rejects its requests', async () => {
  const { clock, nodes, session, notifications, login } = setUp()
  const first = await login()
  first.cut()
  await clock.pass(1000)
  nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 5, complete: true })
  nodes.last.cut()
  const request = session.request('text', [1])
  request.catch(() => {})
  await clock.pass(1000)
  nodes.last.refuse('relogin', 'ticket_spent')
  await clock.pass(1000)
  expect(nodes.last.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('one'), seq: 5 }])
  nodes.last.refuse('relogin', 'ticket_spent')
  await quiet()
  await expect(request).rejects.toMatchObject({ code: 'ticket_spent' })
  expect(notifications.slice(-2)).toEqual(['closed', 'closed: ticket_spent'])
  const { tries } = nodes
  await clock.pass(60_000)
  expect(nodes.tries).toBe(tries)
})

test('a session without a reachable node tries until its ticket expires', async () => {
  const { clock, nodes, session, notifications, login } = setUp()
  const first = await login(ticketOf('one', 60_000))
  nodes.unreachable = true
  first.cut()
  await clock.pass(59_000)
  expect(session.state).toBe('waiting_for_reconnecting')
  expect(nodes.tries).toBeGreaterThan(10)
  await clock.pass(12_000)
  expect(notifications.at(-1)).toBe('closed: ticket_expired')
})

test('the session refreshes each ticket before it expires', async () => {
  const { clock, nodes, login } = setUp()
  const link = await login(ticketOf('one', 10_000))
  await clock.pass(7000)
  expect(link.all('refreshReconnectionTicket')).toHaveLength(1)
  link.ok('refreshReconnectionTicket', ticketOf('two', 10_000))
  await clock.pass(7000)
  expect(link.all('refreshReconnectionTicket')).toHaveLength(2)
  link.cut()
  await clock.pass(1000)
  expect(nodes.last.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('two', 10_000), seq: 5 }])
})

test('a session keeps trying while the device reports offline, and tries at once when it reports online', async () => {
  const { clock, nodes, login, setOnline } = setUp()
  const link = await login()
  nodes.unreachable = true
  setOnline(false)
  link.cut()
  await clock.pass(30_000)
  expect(nodes.tries).toBeGreaterThan(5)
  const { tries } = nodes
  setOnline(true)
  await quiet()
  expect(nodes.tries).toBe(tries + 1)
})

test('after a suspension a session leaves a connection without an answer within seconds, and keeps one with an answer', async () => {
  const { clock, nodes, session, net, login } = setUp()
  const first = await login()
  net.wake()
  net.wake() // the device may report one change by two events
  expect(first.all('refreshReconnectionTicket')).toHaveLength(1)
  first.ok('refreshReconnectionTicket', ticketOf('two'))
  await clock.pass(10_000)
  expect([first.open, nodes.links.length]).toEqual([true, 1])

  net.wake()
  await clock.pass(3999)
  expect(first.open).toBe(true)
  await clock.pass(1)
  expect(first.open).toBe(false)
  await clock.pass(250)
  expect(nodes.last.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('two'), seq: 5 }])
  nodes.last.ok('relogin', { ticket: ticketOf('three'), seq: 5, complete: true })
  expect(session.state).toBe('connected')
})

test('after a suspension a session without a connection tries at once, whatever its back-off was', async () => {
  const { clock, nodes, net, login } = setUp()
  const first = await login()
  nodes.unreachable = true
  first.cut()
  await clock.pass(60_000)
  const { tries } = nodes
  net.wake()
  await quiet()
  expect(nodes.tries).toBe(tries + 1)
})

test('a hidden page, whose timers are late, resumes without a timer, and waits when it loses the next connection at once', async () => {
  const { clock, nodes, net, login } = setUp()
  const first = await login()
  net.hidden = true
  first.cut()
  await quiet()
  expect(nodes.tries).toBe(2)
  nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 5, complete: true })
  nodes.last.cut()
  await quiet()
  expect(nodes.tries).toBe(2)
  await clock.pass(250)
  expect(nodes.tries).toBe(3)
})

test('a lost connection emits lost, with or without a session on it', async () => {
  const { clock, nodes, session, login } = setUp()
  const notifications: string[] = []
  session.on('open', () => notifications.push('open'))
  session.on('lost', () => notifications.push(`lost ${session.state}`))
  session.open()
  await quiet()
  nodes.last.cut()
  await clock.pass(1000)
  const link = await login()
  expect(notifications).toEqual(['open', 'lost initialized', 'open'])
  link.cut()
  expect(notifications.at(-1)).toBe('lost waiting_for_reconnecting')
  session.close()
  expect(notifications).toHaveLength(4) // the program closed it itself, so there is no `lost`
})

test('a refused login is not repeated; a login that lost its connection is, with the same token', async () => {
  const { clock, nodes, enter, notifications } = setUp()
  const cutOff = enter()
  await quiet()
  nodes.last.cut()
  await clock.pass(1000)
  expect(nodes.last.all('login')[0]?.args).toEqual(['token'])
  nodes.last.refuse('login', 'token_used')
  await expect(cutOff).rejects.toMatchObject({ code: 'token_used' })
  expect(notifications.at(-1)).toBe('closed: token_used')
  nodes.unreachable = true
  const unreachable = enter()
  unreachable.catch(() => {})
  await clock.pass(31_000)
  await expect(unreachable).rejects.toMatchObject({ code: 'unreachable' })
})

test('a drop is emitted, and ends the session', async () => {
  const { session, notifications, login } = setUp()
  const link = await login()
  link.emit('drop', { seq: 6 })
  expect(notifications.slice(-3)).toEqual(['drop  6', 'closed', 'closed: dropped'])
  expect(link.open).toBe(false)
  await expect(session.request('text', [])).rejects.toMatchObject({ code: 'no_session' })
})

test('leave sends the goodbye, and ends the session also if no node is reachable', async () => {
  const { clock, session, notifications, login, nodes } = setUp()
  const link = await login()
  const left = session.leave()
  expect(link.all('logout')).toHaveLength(1)
  link.ok('logout')
  await left
  expect(notifications.at(-1)).toBe('closed: closed')
  const again = await login()
  nodes.unreachable = true
  again.cut()
  const gone = session.leave()
  await clock.pass(8000)
  await gone
  expect(session.state).toBe('closed')
})

test('requests beyond the rate limit are sent at that rate', async () => {
  const { clock, session, login } = setUp()
  const link = await login()
  const ackAll = () => {
    for (const { answer } of link.all('text')) answer({ ok: true, data: undefined })
  }
  for (let number = 1; number <= 200; number += 1) session.request('text', [number]).catch(() => {})
  ackAll()
  expect(link.all('text')).toHaveLength(150)
  await clock.pass(1000)
  ackAll()
  expect(link.all('text').length).toBeGreaterThanOrEqual(189)
  expect(link.all('text').length).toBeLessThanOrEqual(191)
  session.close()
})

test('a request that the server refuses because of the rate is sent again after a pause, in order and with the same rid; other refused requests are not', async () => {
  const { clock, session, login } = setUp()
  const link = await login()
  const [one, two, three] = [1, 2, 3].map((number) => session.request('text', [number]))
  const sent = () => link.all('text').map(({ args }) => args)
  link.all('text')[0]?.answer({ ok: true, data: 'one' })
  for (const { answer } of link.all('text').slice(1))
    answer({ ok: false, code: 'too_many_requests', message: 'slowly' })
  const four = session.request('text', [4]) // waits after the others
  expect(sent()).toHaveLength(3)
  await clock.pass(1000)
  const again = [2, 3, 4].map((number) => [number, { rid: number }])
  expect(sent().slice(3)).toEqual(again)
  for (const { answer } of link.all('text').slice(3, 5)) answer({ ok: true, data: 'later' })
  link.refuse('text', 'text_too_long')
  expect(await Promise.all([one, two, three])).toEqual(['one', 'later', 'later'])
  await expect(four).rejects.toMatchObject({ code: 'text_too_long' })
})

test('a request rejects when the server has refused it because of the rate for half a minute', async () => {
  const { clock, session, login } = setUp()
  const link = await login()
  const request = session.request('text', [1])
  const over = expect(request).rejects.toMatchObject({ code: 'too_many_requests' })
  for (let count = 0; count <= 10; count += 1) {
    link.refuse('text', 'too_many_requests')
    await clock.pass(5000)
  }
  await over
  expect(link.all('text')).toHaveLength(11)
})

test('requests are sent at the rate that the acks of login and relogin allow, or at the lower rate of the option rateLimit', async () => {
  const { clock, nodes, session, enter } = setUp()
  const entered = enter()
  await quiet()
  const limits = { messagesPerSecond: 10, burst: 8, maxMessageBytes: 1000 }
  nodes.last.ok('login', { ticket: ticketOf('one'), seq: 5, limits })
  await entered
  expect(session.limits).toEqual(limits)
  const first = nodes.last
  for (let number = 1; number <= 30; number += 1) void session.request('text', [number]).catch(() => {})
  expect(first.all('text')).toHaveLength(6)
  await clock.pass(1000)
  expect(first.all('text')).toHaveLength(14)
  first.cut()
  await clock.pass(250)
  const relogin = { ticket: ticketOf('two'), seq: 5, complete: true }
  nodes.last.ok('relogin', { ...relogin, limits: { ...limits, messagesPerSecond: 5, burst: 1 } })
  await clock.pass(1000)
  expect(nodes.last.all('text').length).toBeLessThanOrEqual(5)
})

test('at most a hundred requests are in flight', async () => {
  const { session, login } = setUp()
  const link = await login()
  for (let number = 1; number <= 120; number += 1) session.request('text', [number]).catch(() => {})
  expect(link.all('text')).toHaveLength(100)
  link.all('text')[1]?.answer({ ok: true, data: undefined }) // the second; the first is still the oldest
  expect(link.all('text')).toHaveLength(100)
  link.all('text')[0]?.answer({ ok: true, data: undefined })
  expect(link.all('text')).toHaveLength(102)
  session.close()
})

test('a login that times out does not reject with the failure of an earlier login', async () => {
  const { clock, session } = setUp()
  const enter = (args: () => Promise<never>) =>
    session.login({
      event: 'login',
      args,
      read: () => ({ ticket: '', seq: 0, result: undefined }),
      goodbye: { event: 'logout', args: [] },
    })
  const failing = enter(() => Promise.reject(new SignalboxError('token_unavailable')))
  const failed = expect(failing).rejects.toMatchObject({ code: 'token_unavailable' })
  await clock.pass(31_000)
  await failed
  const hanging = expect(enter(() => new Promise(() => {}))).rejects.toMatchObject({ code: 'unreachable' })
  await clock.pass(31_000)
  await hanging
})
