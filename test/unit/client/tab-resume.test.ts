import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Portal, Rooms } from '../../../src/client/index.ts'
import { FakeClock, quiet } from './fake-clock.ts'
import { FakeNodes, ticketOf } from './fake-node.ts'

/** A tab: its storage, and the events of its present page. */
class Tab {
  readonly stored = new Map<string, string>()
  readonly #listeners = new Map<string, Set<(event: object) => void>>()

  show(): void {
    this.#listeners.clear()
    vi.stubGlobal('sessionStorage', {
      getItem: (key: string) => this.stored.get(key) ?? null,
      setItem: (key: string, value: string) => void this.stored.set(key, value),
    })
    vi.stubGlobal('addEventListener', (type: string, listener: (event: object) => void) => {
      this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(listener))
    })
    vi.stubGlobal('removeEventListener', (type: string, listener: (event: object) => void) => {
      this.#listeners.get(type)?.delete(listener)
    })
  }

  fire(type: string, event: object = {}): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event)
  }

  /** Loads another page in the same tab. */
  reload(): void {
    this.fire('pagehide', { persisted: false })
    this.show()
  }
}

let tab: Tab
beforeEach(() => {
  tab = new Tab()
  tab.show()
})
afterEach(() => void vi.unstubAllGlobals())

function setUp(options: object = {}) {
  const [clock, nodes] = [new FakeClock(), new FakeNodes()]
  const parts = { clock, random: () => 0.5, connect: nodes.connect }
  const rooms = new Rooms({ url: 'http://a', resume: 'tab', parts, ...options })
  const notifications: string[] = []
  rooms.on('new_message', (text, { seq }) => notifications.push(`${text} ${seq}`))
  rooms.on('resumeFailed', ({ code }) => notifications.push(`resumeFailed ${code}`))
  return { clock, nodes, rooms, notifications }
}

const ack = (id: string, ticket: string, seq: number) => ({
  ...{ id, room: 'room', ticket: ticketOf(ticket), seq },
  members: [{ id, nickname: 'Ann' }],
})

/** A client in the room that has received up to seq 7 and sent two messages. */
async function entered(options: object = {}) {
  const set = setUp(options)
  const entering = set.rooms.enter('room')
  await quiet()
  set.nodes.last.ok('enter_room', ack('ann', 'one', 5))
  expect((await entering).resumed).toBeUndefined()
  set.nodes.last.emit('new_message', 'seven', { seq: 7 })
  void set.rooms.say('a').catch(() => {})
  void set.rooms.say('b').catch(() => {})
  return set
}

test('a page that is reloaded resumes with the present participants, receives missed messages, and sends new ones', async () => {
  await entered()
  tab.reload()
  const { nodes, rooms, notifications } = setUp()
  const entering = rooms.enter('room')
  await quiet()
  const link = nodes.last
  expect(link.requests.map(({ event, args }) => [event, args])).toEqual([
    ['relogin', [{ ticket: ticketOf('one'), seq: 7 }]],
  ])
  link.ok('relogin', { ticket: ticketOf('two'), seq: 9, complete: true })
  await quiet()
  link.ok('enter_room', ack('ann', 'three', 9))
  expect(await entering).toMatchObject({ id: 'ann', resumed: true, complete: true, members: [{ id: 'ann' }] })
  expect(rooms.members.get('ann')).toBe('Ann')
  link.emit('new_message', 'eight', { seq: 8 })
  link.emit('new_message', 'nine', { seq: 9 })
  expect(notifications).toEqual(['eight 8', 'nine 9'])
  void rooms.say('c').catch(() => {})
  const last = link.all('new_message')[0]?.args.at(-1) as { rid: number } | undefined
  expect(last?.rid).toBeGreaterThan(2) // the node would treat a smaller one as a repetition
})

test('the result has complete: false if missed messages are no longer in the log', async () => {
  await entered()
  tab.reload()
  const { nodes, rooms } = setUp()
  const entering = rooms.enter('room')
  await quiet()
  nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 900, complete: false, room: {} })
  await quiet()
  nodes.last.ok('enter_room', ack('ann', 'three', 905))
  expect(await entering).toMatchObject({ resumed: true, complete: false })
  expect(rooms.seq).toBe(900)
})

test('an expired ticket emits resumeFailed, and the same call logs in anew', async () => {
  await entered()
  tab.reload()
  const { clock, nodes, rooms, notifications } = setUp()
  const entering = rooms.enter('room')
  await quiet()
  nodes.last.refuse('relogin', 'ticket_expired')
  await clock.pass(250)
  expect(nodes.links).toHaveLength(2)
  nodes.last.ok('enter_room', ack('new', 'two', 20))
  const result = await entering
  expect([result.id, result.resumed, rooms.seq]).toEqual(['new', undefined, 20])
  expect(notifications).toEqual(['resumeFailed ticket_expired'])
})

test('a login that loses its connection after the relogin resumes with the newer ticket', async () => {
  await entered()
  tab.reload()
  const { clock, nodes, rooms } = setUp()
  const entering = rooms.enter('room')
  await quiet()
  nodes.last.ok('relogin', { ticket: ticketOf('two'), seq: 9, complete: true })
  await quiet()
  nodes.last.cut()
  await clock.pass(250)
  expect(nodes.last.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('two'), seq: 7 }])
  tab.reload() // again before the answer
  const again = setUp()
  void again.rooms.enter('room').catch(() => {})
  await quiet()
  expect(again.nodes.last.all('relogin')[0]?.args).toEqual([{ ticket: ticketOf('two'), seq: 7 }])
  rooms.close()
  await expect(entering).rejects.toMatchObject({ code: 'closed' })
})

test('a duplicated tab begins a session of its own, because a live page stores nothing', async () => {
  await entered()
  const copy = new Tab()
  for (const [key, value] of tab.stored) copy.stored.set(key, value)
  copy.show()
  const { nodes, rooms } = setUp()
  void rooms.enter('room').catch(() => {})
  await quiet()
  expect(nodes.last.requests.map(({ event }) => event)).toEqual(['enter_room'])
})

test('a page from the back/forward cache keeps its session', async () => {
  const { rooms } = await entered()
  tab.fire('pagehide', { persisted: true })
  expect([...tab.stored.values()].join()).toContain(ticketOf('one'))
  tab.fire('pageshow', { persisted: true })
  expect([...tab.stored.values()].join()).not.toContain(ticketOf('one'))
  rooms.close()
})

test.each(['leave', 'close', 'drop'])('a page that ends after a %s stores nothing', async (how) => {
  const { nodes, rooms } = await entered()
  if (how === 'leave') {
    void rooms.leave()
    nodes.last.ok('leave_room')
  } else if (how === 'close') rooms.close()
  else nodes.last.emit('drop', { seq: 8 })
  await quiet()
  tab.reload()
  const next = setUp()
  void next.rooms.enter('room').catch(() => {})
  await quiet()
  expect(next.nodes.last.all('relogin')).toEqual([])
})

test('sessions are stored by room, address and namespace, and two clients of one room resume one each', async () => {
  await entered()
  const second = await entered()
  second.nodes.last.emit('new_message', 'more', { seq: 12 })
  tab.reload()
  const requestsAfterReload = async (options: object, room: string) => {
    const { nodes, rooms } = setUp(options)
    void rooms.enter(room).catch(() => {})
    await quiet()
    return nodes.last.requests.map(({ event, args }) =>
      event === 'relogin' ? (args[0] as { seq: number }).seq : event,
    )
  }
  expect(await requestsAfterReload({}, 'other')).toEqual(['enter_room'])
  expect(await requestsAfterReload({ url: 'http://b' }, 'room')).toEqual(['enter_room'])
  expect(await requestsAfterReload({ path: '/x/socket.io' }, 'room')).toEqual(['enter_room'])
  expect([
    await requestsAfterReload({}, 'room'),
    await requestsAfterReload({}, 'room'),
    await requestsAfterReload({}, 'room'),
  ]).toEqual([[7], [12], ['enter_room']])
})

test.each([
  ['throws', () => vi.stubGlobal('sessionStorage', { getItem: fail, setItem: fail })],
  ['is missing', () => vi.stubGlobal('sessionStorage', undefined)],
  [
    'holds something else',
    () => vi.stubGlobal('sessionStorage', { getItem: () => '[{"ticket":1}]', setItem: () => {} }),
  ],
])('with a storage that %s the page logs in as without the option', async (_what, stub) => {
  stub()
  await entered()
  tab.fire('pagehide')
})

function fail(): never {
  throw new DOMException('denied', 'SecurityError')
}

test('a page without the option stores nothing, and classes that cannot resume refuse the option', async () => {
  await entered({ resume: undefined })
  tab.reload()
  expect(tab.stored.size).toBe(0)
  expect(() => new Portal({ url: 'http://a', resume: 'tab' } as never)).toThrow('resume: only Rooms and Exchanger')
  expect(() => new Rooms({ url: 'http://a', resume: 'window' as never })).toThrow('resume: "window" is not \'tab\'')
})
