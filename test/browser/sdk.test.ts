import { beforeAll, expect, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { useBrowser } from '../support/browser.ts'
import { newRoom } from '../support/node.ts'
import { usePages } from '../support/pages.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { eventually, expectVideo, PageUser, type Received, silenceEnergy } from './person.ts'

const browser = useBrowser()
const pages = usePages()
/** Each test that kills one takes the first away. */
let nodes: NodeProcess[]

beforeAll(async () => {
  const env = { ICE_SERVERS: '[]' }
  nodes = await startProcesses(4, { redisUrl: redisUrl(), prefix: randomPrefix(), env, until: 'after the file' })
})

type Sees = {
  texts: string[]
  moves: { from: { url: string }; to: { url: string } }[]
  tiles: string[]
  negotiations: string[]
  url: string
}

const sees = (person: PageUser) => person.tell<Sees>('sees')

async function visit(script: string): Promise<PageUser> {
  return PageUser.at(await browser.visit(pages.url), script)
}

/** People who are in a call, each at the node of its place first. */
async function call(names: string[], how: { room?: string; dialect?: string } = {}): Promise<PageUser[]> {
  const { room = newRoom(), dialect = 'rooms' } = how
  const people: PageUser[] = []
  const visits = await Promise.all(names.map(() => visit('call')))
  for (const [index, name] of names.entries()) {
    const person = visits[index] as PageUser
    const urls = nodes.map((_, turn) => nodes[(index + turn) % nodes.length]?.url)
    await person.enter({ dialect, urls, room, name })
    people.push(person)
  }
  return people
}

async function killFirst(): Promise<void> {
  const [node] = nodes
  node?.kill('SIGKILL')
  await node?.exited
  nodes = nodes.slice(1)
}

const numbers = (name: string, count: number) => Array.from({ length: count }, (_, index) => `${name} ${index + 1}`)

test('two participants on two nodes see each other, chat, switch cameras and mute', async () => {
  const [ann, bob] = (await call(['ann', 'bob'])) as [PageUser, PageUser]
  await expectVideo(ann, bob)
  expect([(await sees(ann)).url, (await sees(bob)).url]).toEqual([nodes[0]?.url, nodes[1]?.url])
  await ann.tell('say', 'hello')
  await bob.tell('say', 'hello yourself')
  await eventually(async () => (await sees(bob)).texts).toEqual(['ann hello'])
  await eventually(async () => (await sees(ann)).texts).toEqual(['bob hello yourself'])

  await ann.tell('switchCamera', 'rgb(0, 200, 0)')
  const isGreen = async () => {
    const [red = 0, green = 0, blue = 0] = await bob.tell<number[]>('colour', ann.id)
    return red < 60 && green > 140 && blue < 60
  }
  await eventually(isGreen).toBe(true)
  const loudness = () => bob.tell<number>('loudness', ann.id)
  await eventually(loudness).toBeGreaterThan(silenceEnergy)
  await ann.tell('mute', true)
  await eventually(loudness).toBeLessThan(silenceEnergy)
  await ann.tell('mute', false)
  await eventually(loudness).toBeGreaterThan(silenceEnergy)
})

test('after a node is killed the call continues, and no message is lost or duplicated', async () => {
  const [ann, bob] = (await call(['ann', 'bob'])) as [PageUser, PageUser]
  await expectVideo(ann, bob)
  const [first] = nodes
  await Promise.all([ann.tell('count', 20), bob.tell('count', 20)])
  const heard = async (person: PageUser) => (await sees(person)).texts.length
  await eventually(() => heard(ann)).toBeGreaterThan(10)
  await killFirst()
  await eventually(async () => (await sees(ann)).moves.length).toBe(1)
  const { moves } = await sees(ann)
  expect(moves[0]?.from.url).toBe(first?.url)
  expect(nodes.map(({ url }) => url)).toContain(moves[0]?.to.url)
  const sinceThen = await heard(bob)
  await eventually(() => heard(bob)).toBeGreaterThan(sinceThen + 10)
  const [said, answered] = await Promise.all([ann.tell<number>('stop'), bob.tell<number>('stop')])
  await eventually(async () => (await sees(bob)).texts).toEqual(numbers('ann', said))
  await eventually(async () => (await sees(ann)).texts).toEqual(numbers('bob', answered))
  await expectVideo(ann, bob)
  expect((await sees(bob)).moves).toEqual([])
})

test('a third participant joins late, sees both, is seen by both, and leaves', async () => {
  const room = newRoom()
  const [ann, bob] = (await call(['ann', 'bob'], { room })) as [PageUser, PageUser]
  await expectVideo(ann, bob)
  const [cid] = (await call(['cid'], { room })) as [PageUser]
  await expectVideo(ann, bob, cid)
  expect(await cid.tell('leave')).toEqual([])
  for (const [person, other] of [
    [ann, bob],
    [bob, ann],
  ] as const) {
    await eventually(async () => (await sees(person)).tiles).toEqual([other.id])
  }
  await expectVideo(ann, bob)
})

test('when both offer at once the polite peer rolls back, and both new tracks are seen', async () => {
  const people = await call(['ann', 'bob'])
  const [ann, bob] = people as [PageUser, PageUser]
  await expectVideo(ann, bob)
  await Promise.all(people.map((person) => person.tell('hold')))
  await Promise.all([ann.tell('share', 'red'), bob.tell('share', 'blue')])
  const negotiations = () => Promise.all(people.map(async (person) => (await sees(person)).negotiations))
  await eventually(negotiations).toEqual([['have-local-offer'], ['have-local-offer']])
  await Promise.all(people.map((person) => person.tell('release')))
  await eventually(negotiations).toEqual([['stable'], ['stable']])
  const videos = async (viewer: PageUser, { id }: PageUser) => (await viewer.tell<Received>('received', id)).videos
  await eventually(() => Promise.all([videos(ann, bob), videos(bob, ann)])).toEqual([2, 2])
  await expectVideo(ann, bob)
})

test('after a network outage ICE restarts, and the call continues', async () => {
  const [ann, bob] = (await call(['ann', 'bob'])) as [PageUser, PageUser]
  await expectVideo(ann, bob)
  const ice = () => Promise.all([ann.tell<string>('ice', bob.id), bob.tell<string>('ice', ann.id)])
  const before = await ice()
  await ann.visitor.context.setOffline(true)
  await eventually(async () => (await sees(ann)).url).toBeUndefined()
  await bob.tell('say', 'where are you?')
  await ann.visitor.context.setOffline(false)
  await eventually(async () => (await sees(ann)).texts).toEqual(['bob where are you?'])
  await eventually(async () => (await ice()).some((now, index) => now === before[index])).toBe(false)
  await expectVideo(ann, bob)
})

test('exchanger: an offer sent to a node that is killed arrives, and the call continues', async () => {
  const people = await call(['ann', 'bob'], { dialect: 'exchanger' })
  const [ann, bob] = people as [PageUser, PageUser]
  await expectVideo(ann, bob)
  nodes[0]?.kill('SIGSTOP') // takes the offer, and does nothing with it any more
  await ann.tell('share', 'red')
  await eventually(async () => (await sees(ann)).negotiations).toEqual(['have-local-offer'])
  await killFirst()
  await eventually(async () => (await sees(ann)).moves.length).toBe(1)
  await eventually(async () => (await bob.tell<Received>('received', ann.id)).videos).toBe(2)
  await expectVideo(ann, bob)
})

test("p2p: a plain client calls through OWT's messages, and no message around a kill is lost", async () => {
  const people = await Promise.all(['ann', 'bob'].map(() => visit('p2p')))
  const [ann, bob] = people as [PageUser, PageUser]
  const urls = nodes.map(({ url }) => url)
  const [me, them] = [newId(), newId()]
  await ann.enter({ me, them, urls })
  await bob.enter({ me: them, them: me, urls: urls.toReversed() })
  await ann.tell('call')
  await expectVideo(ann, bob)
  await Promise.all(people.map((person) => person.tell('count', 20)))
  await eventually(async () => (await sees(bob)).texts.length).toBeGreaterThan(10)
  await killFirst()
  await eventually(async () => (await sees(ann)).moves).toBeGreaterThan(0)
  const sinceThen = (await sees(bob)).texts.length
  await eventually(async () => (await sees(bob)).texts.length).toBeGreaterThan(sinceThen + 10)
  const [said, answered] = await Promise.all(people.map((person) => person.tell<number>('stop')))
  await eventually(async () => (await sees(bob)).texts).toEqual(numbers(me, said ?? 0))
  await eventually(async () => (await sees(ann)).texts).toEqual(numbers(them, answered ?? 0))
  await expectVideo(ann, bob)
})
