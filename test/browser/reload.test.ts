import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { Exchanger, Rooms } from '../../src/client/index.ts'
import { useBrowser } from '../support/browser.ts'
import { newRoom, startNode } from '../support/node.ts'
import { usePages } from '../support/pages.ts'
import { eventually, PageUser } from './page-user.ts'

type Entered = { id: string; resumed: boolean; complete: boolean; present: string[] }

const browser = useBrowser()
const pages = usePages()
const node = await startNode()

const at = (page: Page, { context }: { context: PageUser['visitor']['context'] }) =>
  PageUser.at({ page, context }, 'stay')

/** Another client in the room, and the notifications that it receives of others. */
async function watcher(room: string): Promise<{ bob: Rooms; seen: string[] }> {
  const bob = new Rooms({ url: node.url })
  onTestFinished(() => bob.close())
  const seen: string[] = []
  bob.on('welcome', (name) => seen.push(`welcome ${name}`))
  bob.on('bye', (name) => seen.push(`bye ${name}`))
  bob.on('new_message', (text) => seen.push(`new_message ${text}`))
  await bob.nickname('Bob')
  await bob.enter(room)
  return { bob, seen }
}

test('rooms: a page that is reloaded resumes its session, receives the messages that it missed, and is not seen leaving', async () => {
  const room = newRoom()
  const { bob, seen } = await watcher(room)
  const visitor = await browser.visit(pages.url)
  const before = await at(visitor.page, visitor)
  const first = await before.run<Entered>('enter', { url: node.url, room, name: 'Ann' })
  expect(first.resumed).toBe(false)
  await before.run('say', 'one')
  await bob.say('before')
  await eventually(() => before.run('received')).toEqual(['before'])

  await visitor.page.goto('about:blank')
  await bob.say('meanwhile')
  await visitor.page.goto(pages.url)
  const after = await at(visitor.page, visitor)
  const again = await after.run<Entered>('enter', { url: node.url, room, name: 'Ann' })
  expect(again).toEqual({ id: first.id, resumed: true, complete: true, present: [bob.id, first.id] })
  await eventually(() => after.run('received')).toEqual(['meanwhile'])
  await after.run('say', 'two')
  await visitor.page.reload()
  const last = await at(visitor.page, visitor)
  expect((await last.run<Entered>('enter', { url: node.url, room, name: 'Ann' })).id).toBe(first.id)
  await last.run('say', 'three')
  await last.run('leave')
  const expected = ['welcome Ann', 'new_message one', 'new_message two', 'new_message three', 'bye Ann']
  await expect.poll(() => seen).toEqual(expected)

  await visitor.page.reload() // after a leave it is a new participant
  const anew = await at(visitor.page, visitor)
  expect((await anew.run<Entered>('enter', { url: node.url, room, name: 'Ann' })).resumed).toBe(false)
})

test('a tab that the page opens, with a copy of its storage, begins a session of its own, and the page keeps its session', async () => {
  const room = newRoom()
  const { seen } = await watcher(room)
  const visitor = await browser.visit(pages.url)
  const ann = await at(visitor.page, visitor)
  const enter = { url: node.url, room, name: 'Ann' }
  await ann.run('enter', enter)
  await visitor.page.reload()
  const again = await at(visitor.page, visitor)
  const { id } = await again.run<Entered>('enter', enter)
  const [popup] = await Promise.all([
    visitor.context.waitForEvent('page'),
    visitor.page.evaluate('void open(location.href)'),
  ])
  await popup.waitForLoadState()
  const copy = await at(popup, visitor)
  const other = await copy.run<Entered>('enter', { ...enter, name: 'Copy' })
  expect([other.resumed, other.id === id]).toEqual([false, false])
  await again.run('say', 'still here')
  await copy.run('say', 'me too')
  await expect.poll(() => seen).toEqual(['welcome Ann', 'welcome Copy', 'new_message still here', 'new_message me too'])
})

test('exchanger: a page that is reloaded resumes its session, and receives the offer that was sent meanwhile', async () => {
  const channel = newRoom()
  const bob = new Exchanger({ url: node.url })
  onTestFinished(() => bob.close())
  const seen: unknown[] = []
  bob.on('userJoinedStream', (user) => seen.push(user))
  bob.on('userLeftStream', (user) => seen.push(user))
  await bob.join(channel, 'bob')
  const visitor = await browser.visit(pages.url)
  const enter = { dialect: 'exchanger', url: node.url, room: channel, name: 'ann' }
  const first = await (await at(visitor.page, visitor)).run<Entered>('enter', enter)
  await visitor.page.goto('about:blank')
  await bob.offer({ type: 'offer', sdp: 'an offer' }, first.id)
  await visitor.page.goto(pages.url)
  const after = await at(visitor.page, visitor)
  expect(await after.run('enter', enter)).toEqual({ id: first.id, resumed: true, complete: true, present: [bob.id] })
  await eventually(() => after.run('received')).toEqual(['an offer'])
  expect(seen).toEqual(['ann'])
})

test('a page whose ticket has expired emits resumeFailed, and begins a new session', async () => {
  const short = await startNode({ env: { RECONNECT_WINDOW: 1 } })
  const room = newRoom()
  const bob = new Rooms({ url: short.url })
  onTestFinished(() => bob.close())
  await bob.enter(room)
  const visitor = await browser.visit(pages.url)
  const enter = { url: short.url, room, name: 'Ann' }
  await (await at(visitor.page, visitor)).run('enter', enter)
  const gone = new Promise((resolve) => bob.on('bye', resolve))
  await visitor.page.goto('about:blank')
  await gone
  await visitor.page.goto(pages.url)
  const after = await at(visitor.page, visitor)
  expect((await after.run<Entered>('enter', enter)).resumed).toBe(false)
  expect(await after.run('received')).toEqual(['resumeFailed participant_gone'])
})
