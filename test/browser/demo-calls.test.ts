import { afterAll, expect, test } from 'vitest'
import { newRoom } from '../support/node.ts'
import { startTurn, type TurnServer } from '../support/turn-server.ts'
import { greenCamera, silentUntilTouched, smallCamera } from './demo-cameras.ts'
import { useDemo } from './demo-nodes.ts'
import { DemoPage, expectCall } from './demo-page.ts'
import { eventually } from './page-user.ts'

const secret = 'what coturn and the nodes both know'
let turn: TurnServer
const { visit, manage } = useDemo({
  count: 2,
  env: async () => {
    turn = await startTurn(secret)
    return { TURN_URLS: turn.url, TURN_SECRET: secret, PUBLIC_URL: 'http://calls.example/signal' }
  },
})
afterAll(() => turn?.stop())

test('with relay-only calls, media goes through coturn and neither page learns an address of the other', async () => {
  const room = newRoom()
  const [ann, bob] = [await visit('Ann', 0), await visit('Bob', 1, { query: 'relay' })]
  await ann.at('#relay-only').check()
  for (const person of [ann, bob]) await person.enter(room)
  await expectCall(ann, bob)
  const relayed = { used: ['relay', 'relay'], remote: ['relay'] }
  expect([await ann.candidateKinds('Bob'), await bob.candidateKinds('Ann')]).toEqual([relayed, relayed])
})

test('six pages see each other, and a page that left is refused because the room is full by then', async () => {
  const room = newRoom()
  // Chromium renders without a GPU here, so the pages are small too
  const small = { prepare: smallCamera, viewport: { width: 480, height: 360 } }
  const names = ['Ann', 'Bob', 'Cid', 'Dot', 'Eve', 'Fay']
  const people = await Promise.all(names.map((name, index) => visit(name, index % 2, small)))
  await Promise.all(people.map((person) => person.enter(room)))
  await expectAllSeen(people)

  const [fay, ...others] = people.toReversed() as [DemoPage, ...DemoPage[]]
  await fay.at('#leave').click()
  await expectAllSeen(others)
  await manage('PUT', `/v1/rooms/${encodeURIComponent(`rooms:${room}`)}`, { participantLimit: 5 })
  await fay.at('#room-name').fill(room)
  await fay.at('#enter').click()
  await fay.at('#enter-problem').filter({ hasText: 'This room is full' }).waitFor()
}, 120_000)

async function expectAllSeen(people: DemoPage[]): Promise<void> {
  const names = people.map(({ name }) => name).sort()
  for (const person of people) {
    // with thirty streams on a busy machine, one of them may start many seconds late
    const others = names.filter((name) => name !== person.name)
    await expect.poll(() => person.sees(), { timeout: 40_000, interval: 100 }).toEqual(others)
    expect(await person.at('.tile').count()).toBe(people.length)
  }
}

test('a page that is reloaded, or returned to, resumes its call, and devices that were off stay off', async () => {
  const room = newRoom()
  const [ann, bob] = [await visit('Ann', 0, { prepare: silentUntilTouched }), await visit('Bob', 1)]
  for (const person of [ann, bob]) await person.enter(room)
  await ann.at('#microphone').click()
  await expectCall(ann, bob)
  await ann.page.reload()
  await ann.at('#room').waitFor()
  const silent = ann.at('.notice').filter({ hasText: 'Your browser keeps the others silent' })
  await silent.waitFor()
  await expectCall(ann, bob)
  const tile = bob.tile('Ann')
  expect(await tile.getAttribute('aria-label')).toBe('Ann, microphone off')
  const muted = ({ muted }: { muted: boolean }) => muted
  expect(await ann.tile('Bob').locator('video').evaluate(muted)).toBe(true)
  await ann.page.keyboard.press('Shift')
  await silent.waitFor({ state: 'detached' })
  expect(await ann.tile('Bob').locator('video').evaluate(muted)).toBe(false)

  await ann.page.goto(new URL('exchanger.html', ann.page.url()).href)
  await expectCall(bob)
  await ann.page.goBack()
  await expectCall(ann, bob)

  const tab = new DemoPage({ ...ann.visitor, page: await ann.visitor.context.newPage() }, 'Ann again')
  await tab.page.goto(ann.page.url()) // a second tab is another participant
  expect(await tab.at('#nickname').inputValue()).toBe('Ann')
  expect(await tab.at('#room-name').inputValue()).toBe(room)
  await tab.enter(room)
  await expectAllSeen([ann, bob, tab])

  await ann.at('#leave').click()
  await ann.page.reload()
  await ann.at('#lobby-status[data-state=connected]').waitFor()
  expect(await ann.at('#room').isVisible()).toBe(false)
})

test('an unplugged camera and a revoked permission are reported to the user and shown to the others', async () => {
  const room = newRoom()
  const [ann, bob] = [await visit('Ann', 0, { prepare: greenCamera }), await visit('Bob', 1, { media: false })]
  await bob.visitor.context.grantPermissions(['camera', 'microphone'])
  for (const person of [ann, bob]) await person.enter(room)
  await expectCall(ann, bob)
  await ann.page.evaluate('globalThis.oneAtATime = true') // like many phones
  await ann.at('#settings').click()
  await ann.at('#camera-choice').selectOption({ label: 'Green' })
  await eventually(() => ann.at('#camera-choice').inputValue()).toBe('green')
  await ann.page.evaluate('unplug()')
  await ann.at('.notice').filter({ hasText: 'Your camera is gone' }).waitFor()
  await bob.at('.tile[data-video=off]').filter({ hasText: 'Ann' }).waitFor()
  await eventually(() => ann.at('#camera-choice').locator('option', { hasText: 'Green' }).count()).toBe(0)
  await ann.at('#camera').click() // the remaining camera
  await bob.at('.tile[data-video=camera]').filter({ hasText: 'Ann' }).waitFor()

  await bob.visitor.context.clearPermissions()
  for (const device of ['camera', 'microphone']) {
    await bob
      .at('.notice')
      .filter({ hasText: `Your ${device} is gone` })
      .waitFor()
  }
  await ann.at('.tile[data-video=off][data-audio=off]').filter({ hasText: 'Bob' }).waitFor()
  await bob.at('#camera').click()
  await bob.at('.notice').filter({ hasText: 'You did not allow camera' }).waitFor()
  await bob.send('so I write')
  await eventually(() => ann.received()).toEqual(['so I write'])
})

test('without a network or server the page keeps trying, and enters the room when a server answers', async () => {
  const ann = await visit('Ann', 0)
  await ann.visitor.context.setOffline(true)
  await ann.at('#nickname').fill('Ann')
  await ann.at('#room-name').fill(newRoom())
  await ann.at('#enter').click()
  await ann.at('#lobby-status').filter({ hasText: 'your device says that it is offline. Trying again…' }).waitFor()
  await ann.at('#enter').filter({ hasText: 'Entering…' }).waitFor()
  await ann.visitor.context.setOffline(false)
  await ann.at('#room').waitFor()
  await ann.page.goto(new URL('?node=http://127.0.0.1:1', ann.page.url()).href)
  await ann.at('#lobby-status').filter({ hasText: 'No server answers. Trying again…' }).waitFor()
  expect(await ann.at('#room').isVisible()).toBe(false)
})

test('a browser that wrongly reports to be offline, and blocks storage, enters a room and chats', async () => {
  const room = newRoom()
  const prepare = `Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })
    for (const name of ['localStorage', 'sessionStorage'])
      Object.defineProperty(globalThis, name, { get() { throw new DOMException('denied', 'SecurityError') } })`
  const [ann, bob] = [await visit('Ann', 0, { prepare }), await visit('Bob', 1)]
  await ann.at('#lobby-status[data-state=connected]').waitFor()
  await ann.enter(room)
  await bob.enter(room)
  await bob.send('hello')
  await eventually(() => ann.received()).toEqual(['hello'])
  await ann.at('#leave').click()
  await bob.at('.note').filter({ hasText: 'Ann left' }).waitFor()
})

test('the pages work below the path of PUBLIC_URL', async () => {
  const room = newRoom()
  const [ann, bob] = [await visit('Ann', 0, { below: 'signal' }), await visit('Bob', 1)]
  await ann.enter(room)
  await bob.enter(room)
  await expectCall(ann, bob)
  const exchanger = { path: 'exchanger.html', below: 'signal' }
  const cid = await visit('Cid', 0, exchanger)
  for (const [field, text] of [
    ['nickname', 'Cid'],
    ['channel', room],
  ])
    await cid.at(`#${field}`).fill(text ?? '')
  await cid.at('#enter').click()
  await cid.at('#room').waitFor()
})
