import { beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { useBrowser } from '../support/browser.ts'
import { newRoom } from '../support/node.ts'
import { usePages } from '../support/pages.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { eventually, expectVideo, PageUser, type Received, silenceEnergy } from './page-user.ts'

const browser = useBrowser()
const pages = usePages()
/** A test that kills a node kills the first one and removes it. */
let nodes: NodeProcess[]

beforeAll(async () => {
  const env = { ICE_SERVERS: '[]' }
  nodes = await startProcesses(4, { redisUrl: redisUrl(), prefix: randomPrefix(), env, until: 'after the file' })
})

type PageState = {
  texts: string[]
  moves: { from: { url: string }; to: { url: string } }[]
  tiles: string[]
  negotiations: string[]
  url: string
}

const stateOf = (user: PageUser) => user.run<PageState>('state')

async function visit(script: string): Promise<PageUser> {
  return PageUser.at(await browser.visit(pages.url), script)
}

/** Users in one call. The nth user connects to the nth node first. */
async function startCall(names: string[], options: { room?: string; dialect?: string } = {}): Promise<PageUser[]> {
  const { room = newRoom(), dialect = 'rooms' } = options
  const users: PageUser[] = []
  const visits = await Promise.all(names.map(() => visit('call')))
  for (const [index, name] of names.entries()) {
    const user = visits[index] as PageUser
    const urls = nodes.map((_, offset) => nodes[(index + offset) % nodes.length]?.url)
    await user.enter({ dialect, urls, room, name })
    users.push(user)
  }
  return users
}

async function killFirst(): Promise<void> {
  const [node] = nodes
  node?.kill('SIGKILL')
  await node?.exited
  nodes = nodes.slice(1)
}

const numbers = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name} ${index + 1}`)

test('two participants on two nodes see each other, chat, switch cameras and mute', async () => {
  const [ann, bob] = (await startCall(['ann', 'bob'])) as [PageUser, PageUser]
  await expectVideo(ann, bob)
  expect([(await stateOf(ann)).url, (await stateOf(bob)).url]).toEqual([nodes[0]?.url, nodes[1]?.url])
  await ann.run('say', 'hello')
  await bob.run('say', 'hello yourself')
  await eventually(async () => (await stateOf(bob)).texts).toEqual(['ann hello'])
  await eventually(async () => (await stateOf(ann)).texts).toEqual(['bob hello yourself'])

  await ann.run('switchCamera', 'rgb(0, 200, 0)')
  const isGreen = async () => {
    const [red = 0, green = 0, blue = 0] = await bob.run<number[]>('colour', ann.id)
    return red < 60 && green > 140 && blue < 60
  }
  await eventually(isGreen).toBe(true)
  const loudness = () => bob.run<number>('loudness', ann.id)
  await eventually(loudness).toBeGreaterThan(silenceEnergy)
  await ann.run('mute', true)
  await eventually(loudness).toBeLessThan(silenceEnergy)
  await ann.run('mute', false)
  await eventually(loudness).toBeGreaterThan(silenceEnergy)
})

test('after a node is killed the call continues, and no message is lost or duplicated', async () => {
  const [ann, bob] = (await startCall(['ann', 'bob'])) as [PageUser, PageUser]
  await expectVideo(ann, bob)
  const [first] = nodes
  await Promise.all([ann.run('count', 20), bob.run('count', 20)])
  const textCount = async (user: PageUser) => (await stateOf(user)).texts.length
  await eventually(() => textCount(ann)).toBeGreaterThan(10)
  await killFirst()
  await eventually(async () => (await stateOf(ann)).moves.length).toBe(1)
  const { moves } = await stateOf(ann)
  expect(moves[0]?.from.url).toBe(first?.url)
  expect(nodes.map(({ url }) => url)).toContain(moves[0]?.to.url)
  const countAfterKill = await textCount(bob)
  await eventually(() => textCount(bob)).toBeGreaterThan(countAfterKill + 10)
  const [annCount, bobCount] = await Promise.all([ann.run<number>('stop'), bob.run<number>('stop')])
  await eventually(async () => (await stateOf(bob)).texts).toEqual(numbers('ann', annCount))
  await eventually(async () => (await stateOf(ann)).texts).toEqual(numbers('bob', bobCount))
  await expectVideo(ann, bob)
  expect((await stateOf(bob)).moves).toEqual([])
})

test('a third participant joins late, sees both, is seen by both, and leaves', async () => {
  const room = newRoom()
  const [ann, bob] = (await startCall(['ann', 'bob'], { room })) as [PageUser, PageUser]
  await expectVideo(ann, bob)
  const [cid] = (await startCall(['cid'], { room })) as [PageUser]
  await expectVideo(ann, bob, cid)
  expect(await cid.run('leave')).toEqual([])
  for (const [user, other] of [
    [ann, bob],
    [bob, ann],
  ] as const) {
    await eventually(async () => (await stateOf(user)).tiles).toEqual([other.id])
  }
  await expectVideo(ann, bob)
})

test('when both peers offer at once, the polite one rolls back, and both receive the new tracks', async () => {
  const users = await startCall(['ann', 'bob'])
  const [ann, bob] = users as [PageUser, PageUser]
  await expectVideo(ann, bob)
  await Promise.all(users.map((user) => user.run('hold')))
  await Promise.all([ann.run('share', 'red'), bob.run('share', 'blue')])
  const negotiations = () => Promise.all(users.map(async (user) => (await stateOf(user)).negotiations))
  await eventually(negotiations).toEqual([['have-local-offer'], ['have-local-offer']])
  await Promise.all(users.map((user) => user.run('release')))
  await eventually(negotiations).toEqual([['stable'], ['stable']])
  const videos = async (viewer: PageUser, { id }: PageUser) => (await viewer.run<Received>('received', id)).videos
  await eventually(() => Promise.all([videos(ann, bob), videos(bob, ann)])).toEqual([2, 2])
  await expectVideo(ann, bob)
})

test('after a network outage ICE restarts, and the call continues', async () => {
  const [ann, bob] = (await startCall(['ann', 'bob'])) as [PageUser, PageUser]
  await expectVideo(ann, bob)
  const ice = () => Promise.all([ann.run<string>('ice', bob.id), bob.run<string>('ice', ann.id)])
  const before = await ice()
  await ann.visitor.context.setOffline(true)
  await eventually(async () => (await stateOf(ann)).url).toBeUndefined()
  await bob.run('say', 'where are you?')
  await ann.visitor.context.setOffline(false)
  await eventually(async () => (await stateOf(ann)).texts).toEqual(['bob where are you?'])
  await eventually(async () => (await ice()).some((now, index) => now === before[index])).toBe(false)
  await expectVideo(ann, bob)
})

test('on /exchanger an offer that was sent to a killed node arrives, and the call continues', async () => {
  const users = await startCall(['ann', 'bob'], { dialect: 'exchanger' })
  const [ann, bob] = users as [PageUser, PageUser]
  await expectVideo(ann, bob)
  nodes[0]?.kill('SIGSTOP') // it receives the offer, but does not process it
  await ann.run('share', 'red')
  await eventually(async () => (await stateOf(ann)).negotiations).toEqual(['have-local-offer'])
  await killFirst()
  await eventually(async () => (await stateOf(ann)).moves.length).toBe(1)
  await eventually(async () => (await bob.run<Received>('received', ann.id)).videos).toBe(2)
  await expectVideo(ann, bob)
})

test("on /p2p a plain client calls with OWT's messages, and loses no message when its node is killed", async () => {
  const users = await Promise.all(['ann', 'bob'].map(() => visit('p2p')))
  const [ann, bob] = users as [PageUser, PageUser]
  const urls = nodes.map(({ url }) => url)
  const [me, them] = [newId(), newId()]
  await ann.enter({ me, them, urls })
  await bob.enter({ me: them, them: me, urls: urls.toReversed() })
  await ann.run('call')
  await expectVideo(ann, bob)
  await Promise.all(users.map((user) => user.run('count', 20)))
  await eventually(async () => (await stateOf(bob)).texts.length).toBeGreaterThan(10)
  await killFirst()
  await eventually(async () => (await stateOf(ann)).moves).toBeGreaterThan(0)
  const countAfterKill = (await stateOf(bob)).texts.length
  await eventually(async () => (await stateOf(bob)).texts.length).toBeGreaterThan(countAfterKill + 10)
  const [annCount, bobCount] = await Promise.all(users.map((user) => user.run<number>('stop')))
  await eventually(async () => (await stateOf(bob)).texts).toEqual(numbers(me, annCount ?? 0))
  await eventually(async () => (await stateOf(ann)).texts).toEqual(numbers(them, bobCount ?? 0))
  await expectVideo(ann, bob)
})
