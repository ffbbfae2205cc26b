import { beforeAll, expect, test } from 'vitest'
import { useBrowser } from '../support/browser.ts'
import { newRoom } from '../support/node.ts'
import { usePages } from '../support/pages.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { expectVideo, Person } from './person.ts'

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
  states: [string, string][]
  url: string
}

const sees = (person: Person) => person.tell<Sees>('sees')

async function visit(script: string): Promise<Person> {
  return Person.at(await browser.visit(pages.url), script)
}

/** People who are in a call, each at the node of its place first. */
async function call(names: string[], how: { room?: string; dialect?: string } = {}): Promise<Person[]> {
  const { room = newRoom(), dialect = 'rooms' } = how
  const people: Person[] = []
  const visits = await Promise.all(names.map(() => visit('call')))
  for (const [index, name] of names.entries()) {
    const person = visits[index] as Person
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

test('two people on two nodes see each other and chat; camera and microphone', async () => {
  const [ann, bob] = (await call(['ann', 'bob'])) as [Person, Person]
  await expectVideo(ann, bob)
  expect([(await sees(ann)).url, (await sees(bob)).url]).toEqual([nodes[0]?.url, nodes[1]?.url])
  await ann.tell('say', 'hello')
  await bob.tell('say', 'hello yourself')
  await expect.poll(async () => (await sees(bob)).texts).toEqual(['ann hello'])
  await expect.poll(async () => (await sees(ann)).texts).toEqual(['bob hello yourself'])

  await ann.tell('switchCamera', 'rgb(0, 200, 0)')
  const isGreen = async () => {
    const [red = 0, green = 0, blue = 0] = await bob.tell<number[]>('colour', ann.id)
    return red < 60 && green > 140 && blue < 60
  }
  await expect.poll(isGreen, { timeout: 10_000 }).toBe(true)
  const loudness = () => bob.tell<number>('loudness', ann.id)
  await expect.poll(loudness, { timeout: 10_000 }).toBeGreaterThan(0)
  await ann.tell('mute', true)
  await expect.poll(loudness, { timeout: 10_000 }).toBe(0)
  await ann.tell('mute', false)
  await expect.poll(loudness, { timeout: 10_000 }).toBeGreaterThan(0)
})

test('a node is killed: the call goes on, and of what was said meanwhile nothing is lost or doubled', async () => {
  const [ann, bob] = (await call(['ann', 'bob'])) as [Person, Person]
  await expectVideo(ann, bob)
  const [first] = nodes
  await Promise.all([ann.tell('count', 20), bob.tell('count', 20)])
  const heard = async (person: Person) => (await sees(person)).texts.length
  await expect.poll(() => heard(ann)).toBeGreaterThan(10)
  await killFirst()
  await expect.poll(async () => (await sees(ann)).moves.length, { timeout: 15_000 }).toBe(1)
  const { moves } = await sees(ann)
  expect(moves[0]?.from.url).toBe(first?.url)
  expect(nodes.map(({ url }) => url)).toContain(moves[0]?.to.url)
  const sinceThen = await heard(bob)
  await expect.poll(() => heard(bob)).toBeGreaterThan(sinceThen + 10)
  const [said, answered] = await Promise.all([ann.tell<number>('stop'), bob.tell<number>('stop')])
  await expect.poll(async () => (await sees(bob)).texts).toEqual(numbers('ann', said))
  await expect.poll(async () => (await sees(ann)).texts).toEqual(numbers('bob', answered))
  await expectVideo(ann, bob)
  expect((await sees(bob)).moves).toEqual([])
})

test('a third person comes late, sees both and is seen, and leaves', async () => {
  const room = newRoom()
  const [ann, bob] = (await call(['ann', 'bob'], { room })) as [Person, Person]
  await expectVideo(ann, bob)
  const [cid] = (await call(['cid'], { room })) as [Person]
  await expectVideo(ann, bob, cid)
  expect(await cid.tell('leave')).toEqual([])
  for (const [person, other] of [
    [ann, bob],
    [bob, ann],
  ] as const) {
    await expect.poll(async () => (await sees(person)).tiles).toEqual([other.id])
  }
  await expectVideo(ann, bob)
})

test('both offer at once: nobody is left out', async () => {
  const [ann, bob] = (await call(['ann', 'bob'])) as [Person, Person]
  await expectVideo(ann, bob)
  await Promise.all([ann.tell('share', 'red'), bob.tell('share', 'blue')])
  await expect.poll(async () => (await sees(ann)).tiles).toEqual([bob.id])
  await expectVideo(ann, bob)
})

test('the network goes and comes back: ICE starts anew, and the call goes on', async () => {
  const [ann, bob] = (await call(['ann', 'bob'])) as [Person, Person]
  await expectVideo(ann, bob)
  const ice = () => Promise.all([ann.tell<string>('ice', bob.id), bob.tell<string>('ice', ann.id)])
  const before = await ice()
  await ann.visitor.context.setOffline(true)
  await expect.poll(async () => (await sees(ann)).url).toBeUndefined()
  await bob.tell('say', 'where are you?')
  await ann.visitor.context.setOffline(false)
  await expect.poll(async () => (await sees(ann)).texts, { timeout: 10_000 }).toEqual(['bob where are you?'])
  await expect
    .poll(async () => (await ice()).some((now, index) => now === before[index]), { timeout: 10_000 })
    .toBe(false)
  await expectVideo(ann, bob)
})
