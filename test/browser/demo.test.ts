import { describe, expect, onTestFinished, test } from 'vitest'
import { Rooms } from '../../src/client/index.ts'
import { newRoom } from '../support/node.ts'
import { greenCamera, noCamera } from './demo-cameras.ts'
import { useDemo } from './demo-nodes.ts'
import { colourOf, type DemoPage, expectCall } from './demo-page.ts'
import { eventually, silenceEnergy } from './page-user.ts'

const { nodes, visit, manage } = useDemo()

const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1))

test('two pages on two nodes call and chat, continue after one node is killed, and a third page joins', async () => {
  const room = newRoom()
  const [ann, bob] = [await visit('Ann', 0, { prepare: greenCamera }), await visit('Bob', 1)]
  await ann.enter(room)
  await bob.at('#open-rooms button').filter({ hasText: room }).waitFor() // listed by the other node
  await bob.enter(room)
  await expectCall(ann, bob)
  const urlOf = (person: DemoPage) => person.at('#node').getAttribute('data-url')
  expect([await urlOf(ann), await urlOf(bob)]).toEqual([nodes[0]?.url, nodes[1]?.url])

  await ann.send('hello')
  await bob.send('hello yourself')
  await eventually(() => bob.received()).toEqual(['hello'])
  await eventually(() => ann.received()).toEqual(['hello yourself'])
  await ann.at('#to').selectOption({ label: 'Bob alone' })
  await ann.send('between us')
  await bob.at('.message.alone').filter({ hasText: 'between us' }).waitFor()
  await ann.at('#to').selectOption({ label: 'Everyone' })
  await manage('POST', '/v1/announcements', { text: 'We close at ten' })
  for (const { page } of [ann, bob]) await page.locator('#messages').getByText('We close at ten').waitFor()

  await ann.at('#microphone').click()
  await bob.at('.tile[data-audio=off]').filter({ hasText: 'Ann' }).waitFor()
  await eventually(() => loudness(bob, 'Ann')).toBeLessThan(silenceEnergy)
  await ann.at('#microphone').click()
  await bob.at('.tile[data-audio=on]').filter({ hasText: 'Ann' }).waitFor()
  await eventually(() => loudness(bob, 'Ann')).toBeGreaterThan(silenceEnergy)
  await ann.at('#settings').click()
  await ann.at('#camera-choice').selectOption({ label: 'Green' })
  await eventually(async () => {
    const [red = 0, green = 0, blue = 0] = await colourOf(bob, 'Ann')
    return red < 60 && green > 140 && blue < 60
  }).toBe(true)
  await ann.at('#screen').click()
  await bob.at('.tile[data-video=screen]').filter({ hasText: 'Ann' }).waitFor()
  await eventually(() => widthOf(bob, 'Ann')).toBeGreaterThan(640) // wider than any camera here
  await ann.at('#screen').click()
  await bob.at('.tile[data-video=camera]').filter({ hasText: 'Ann' }).waitFor()
  await eventually(() => widthOf(bob, 'Ann')).toBeLessThanOrEqual(640)
  await ann.at('#camera').click()
  await bob.at('.tile[data-video=off]').filter({ hasText: 'Ann' }).waitFor()
  await ann.at('#camera').click()
  await bob.at('.tile[data-video=camera]').filter({ hasText: 'Ann' }).waitFor()
  await expectCall(ann, bob)

  const [before, after] = [(await bob.received()).length, (await ann.received()).length]
  await Promise.all([ann.count(25), bob.count(25)])
  await eventually(async () => (await bob.received()).length).toBeGreaterThan(10)
  const name = await ann.at('#node').getAttribute('data-node')
  nodes.shift()?.kill('SIGKILL')
  const moved = ann.at('.note').filter({ hasText: 'caught up' })
  await moved.waitFor()
  expect(await moved.textContent()).toMatch(
    new RegExp(`^Moved from node ${name} to node \\S+ in \\d+ ms, \\d+ messages? caught up$`),
  )
  expect(nodes.map(({ url }) => url)).toContain(await urlOf(ann))
  const sinceThen = (await bob.received()).length
  await eventually(async () => (await bob.received()).length).toBeGreaterThan(sinceThen + 10)
  const [said, answered] = await Promise.all([ann.stop(), bob.stop()])
  await eventually(async () => (await bob.received()).slice(before)).toEqual(numbers(said))
  await eventually(async () => (await ann.received()).slice(after)).toEqual(numbers(answered))
  await expectCall(ann, bob)

  const cid = await visit('Cid', 1)
  await cid.enter(room)
  await expectCall(ann, bob, cid)
  await cid.at('#leave').click()
  await cid.at('#lobby').waitFor()
  await expectCall(ann, bob)
})

/** The width of a participant's video, in its own pixels. */
function widthOf(viewer: DemoPage, name: string): Promise<number> {
  const width = ({ videoWidth }: { videoWidth: number }) => videoWidth
  return viewer.tile(name).locator('video').evaluate(width)
}

/** The energy of the next half second of a participant's sound; the fake microphone beeps in it. */
async function loudness(viewer: DemoPage, name: string): Promise<number> {
  const before = await viewer.incoming(name)
  for (;;) {
    const { seconds, energy } = await viewer.incoming(name)
    if (seconds - before.seconds >= 0.6) return energy - before.energy
  }
}

describe('the page shows an error and continues', () => {
  const script = '<img src=x onerror="globalThis.harmed=1">'

  test('for invalid names and messages', async () => {
    const room = `${newRoom()} ${script}`
    const ann = await visit('Ann', 0)
    await ann.at('#nickname').fill('   ')
    await ann.at('#room-name').fill(room)
    await ann.at('#enter').click()
    await ann.at('#nickname-problem').filter({ hasText: 'Your name is missing.' }).waitFor()
    await ann.at('#room-name').fill(' \u200b ')
    await ann.at('#nickname').fill('Ann')
    await ann.at('#enter').click()
    await ann.at('#room-problem').filter({ hasText: 'at least one visible character' }).waitFor()
    await ann.at('#nickname').fill('n'.repeat(65))
    await ann.at('#enter').click()
    await ann.at('#nickname-problem').filter({ hasText: 'Your name is too long' }).waitFor()
    await ann.enter(room)
    const eve = await visit(script, 1)
    await eve.at('#open-rooms').getByText(room, { exact: true }).waitFor()
    await eve.enter(room)
    await eve.send(script)
    await eventually(() => ann.received()).toEqual([script])
    expect(await ann.at('.message strong').allTextContents()).toEqual([script])
    await ann.tile(script).waitFor()
    await eve.at('#text').fill('x'.repeat(2049))
    await eve.at('#text').press('Enter')
    await eve.at('#text-problem').filter({ hasText: 'shorten it by 1' }).waitFor()
    for (const { page } of [ann, eve]) expect(await page.evaluate('globalThis.harmed')).toBeUndefined()

    await manage('PUT', `/v1/rooms/${encodeURIComponent(`rooms:${room}`)}`, { participantLimit: 2 })
    const dan = await visit('Dan', 0, { query: 'relay' })
    await dan.at('#nickname').fill('Dan')
    await dan.at('#room-name').fill(room)
    await dan.at('#enter').click()
    await dan.at('#enter-problem').filter({ hasText: 'This room is full' }).waitFor()
    await dan.enter(newRoom())
    await dan.at('.notice').filter({ hasText: 'This server has no relay' }).waitFor()
  })

  test('for a refused permission, a missing camera and a lost network', async () => {
    const room = newRoom()
    const ann = await visit('Ann', 0)
    await ann.enter(room)
    const chatter = new Rooms({ url: nodes[1]?.url ?? '' })
    onTestFinished(() => chatter.close())
    await chatter.nickname('Dot')
    await chatter.enter(room)
    const refused = await visit('Bob', 1, { media: false })
    await refused.enter(room)
    await refused.at('.notice').filter({ hasText: 'You did not allow microphone and camera' }).waitFor()
    const without = await visit('Cid', 1, { prepare: noCamera })
    await without.enter(room)
    await without.at('.notice').filter({ hasText: 'No camera was found' }).waitFor()
    await expectSeen(refused, 'Ann')
    await expectSeen(without, 'Ann')
    await ann.tile('Dot').getByText('Not in the call').waitFor()
    await without.tile('Dot').getByText('Not in the call').waitFor()

    await ann.visitor.context.setOffline(true)
    await ann.at('.notice').filter({ hasText: 'Your device says that it is offline' }).waitFor()
    await refused.send('where are you?')
    await ann.visitor.context.setOffline(false)
    await eventually(() => ann.received()).toEqual(['where are you?'])
  })
})

/** Of `rgb(…)`; none of what is not opaque. */
const partsOf = (colour: string): number[] =>
  /^rgb\((\d+), (\d+), (\d+)\)$/.exec(colour)?.slice(1).map(Number) ?? [Number.NaN]

async function expectSeen(viewer: DemoPage, name: string): Promise<void> {
  await eventually(async () => (await viewer.incoming(name)).frames).toBeGreaterThan(5)
}

test('a call works by keyboard alone, at phone width and with dark colours', async () => {
  const room = newRoom()
  const phone = { viewport: { width: 360, height: 740 }, colorScheme: 'dark' as const, hasTouch: true, isMobile: true }
  const ann = await visit('Ann', 0, phone)
  const { keyboard } = ann.page
  const focused = (id: string) => eventually(() => ann.page.evaluate('document.activeElement.id')).toBe(id)
  const goTo = async (id: string) => {
    for (let steps = 0; steps < 40; steps += 1) {
      if ((await ann.page.evaluate('document.activeElement.id')) === id) return
      await keyboard.press('Tab')
    }
    expect.fail(`${id} cannot be reached by keyboard`)
  }
  const fits = async () => {
    // of the page itself: the body lets it shine through
    const [wide, shown, back, ink] = (await ann.page.evaluate(
      '(({ scrollWidth }, { backgroundColor, color }) => [scrollWidth, innerWidth, backgroundColor, color])' +
        '(document.documentElement, getComputedStyle(document.documentElement))',
    )) as [number, number, string, string]
    expect(wide).toBeLessThanOrEqual(shown)
    expect(Math.max(...partsOf(back))).toBeLessThan(80)
    expect(Math.min(...partsOf(ink))).toBeGreaterThan(180)
  }
  await focused('nickname')
  await fits()
  await keyboard.type('Ann')
  await goTo('room-name')
  await keyboard.type(room)
  await keyboard.press('Enter')
  await ann.at('#room').waitFor()
  await fits()
  const bob = await visit('W'.repeat(64), 1)
  await bob.enter(room)
  await ann.tile(bob.name).waitFor()
  await fits()
  await goTo('microphone')
  await keyboard.press('Space')
  await bob.at('.tile[data-audio=off]').filter({ hasText: 'Ann' }).waitFor()
  await goTo('chat-toggle')
  await keyboard.press('Enter')
  await focused('text')
  await bob.send('w'.repeat(2048))
  await ann.at('.message-text').getByText('www').waitFor()
  await fits()
  await expectNames(ann)
  await keyboard.type('without a mouse')
  await keyboard.press('Enter')
  await eventually(() => bob.received()).toEqual(['without a mouse'])
  await goTo('leave')
  await keyboard.press('Enter')
  await ann.at('#lobby').waitFor()
  await bob.at('.note').filter({ hasText: 'Ann left' }).waitFor()
})

/** Checks that every control has a name for screen readers. */
async function expectNames(person: DemoPage): Promise<void> {
  const { page, visitor } = person
  const session = await visitor.context.newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  const used = ['button', 'textbox', 'combobox', 'checkbox', 'link', 'log', 'article', 'region', 'heading']
  const named = nodes.filter(({ ignored, role }) => !ignored && used.includes(role?.value))
  expect(named.length).toBeGreaterThan(10)
  expect(named.filter(({ name }) => !name?.value).map(({ role }) => role?.value)).toEqual([])
}

test('two users on two nodes call each other on the page of the exchanger and on that of p2p', async () => {
  const [channel, exchanger] = [newRoom(), { path: 'exchanger.html' }]
  const [ann, bob] = [await visit('Ann', 0, exchanger), await visit('Bob', 1, exchanger)]
  for (const { page, name } of [ann, bob]) {
    await page.locator('#nickname').fill(name)
    await page.locator('#channel').fill(channel)
    await page.locator('#enter').click()
    await page.locator('#room').waitFor()
  }
  await expectCall(ann, bob)
  await bob.at('#leave').click()
  await expectCall(ann)
  await ann.at('#leave').click()

  const p2p = { path: 'p2p.html' }
  const [cid, dan] = [await visit('Cid', 0, p2p), await visit('Dan', 1, p2p)]
  for (const { page, name } of [cid, dan]) {
    await page.locator('#nickname').fill(name)
    await page.locator('#enter').click()
    await page.locator('#room').waitFor()
  }
  await cid.at('#whom').fill('Nobody')
  await cid.at('#call').click()
  await cid.at('#whom-problem').filter({ hasText: 'Nobody is not there' }).waitFor()
  await cid.at('#whom').fill('Dan')
  await cid.at('#call').click()
  await expectCall(cid, dan)
  await dan.at('#leave').click()
  await expectCall(cid)
})
