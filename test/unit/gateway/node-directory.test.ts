import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NodeDirectory } from '../../../src/gateway/proxy/node-directory.ts'

let there: { [id: string]: string }
let away: boolean
let asked: number
const failed = vi.fn()
const nodes = async () => {
  asked += 1
  if (away) throw new Error('away')
  return Object.entries(there).map(([id, url]) => ({ id, url, version: '1', connections: 0 }))
}

beforeEach(() => {
  vi.useFakeTimers()
  there = { a: 'http://a:1/' }
  away = false
  asked = 0
  failed.mockClear()
})
afterEach(() => {
  vi.useRealTimers()
})

/** As text, once all that it waits for has passed. */
async function find(neighbours: NodeDirectory, node: string): Promise<string | undefined> {
  const found = neighbours.addressOf(node)
  await vi.advanceTimersByTimeAsync(500)
  return (await found)?.href
}

test('an address is asked for once in 5 s, however often it is needed', async () => {
  const neighbours = new NodeDirectory({ nodes, failed })
  for (let times = 0; times < 9; times += 1) expect(await find(neighbours, 'a')).toBe('http://a:1/')
  expect(asked).toBe(1)
  there = { a: 'http://a:2/' }
  await vi.advanceTimersByTimeAsync(1000)
  expect(await find(neighbours, 'a'), 'while it is being asked').toBe('http://a:1/')
  expect(await find(neighbours, 'a')).toBe('http://a:2/')
  expect(asked).toBe(2)
})

test('whatever names are made up, the store is asked twice a second at most', async () => {
  const neighbours = new NodeDirectory({ nodes, failed })
  const found = Array.from({ length: 1000 }, (_, number) => neighbours.addressOf(`made up ${number}`))
  await vi.advanceTimersByTimeAsync(0)
  expect(await Promise.all(found)).toEqual(found.map(() => undefined))
  for (let ms = 0; ms < 5000; ms += 10) {
    void neighbours.addressOf(`made up ${ms}`)
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(asked).toBeLessThanOrEqual(11)
})

test('a node that has just come is found, and one that has gone is not, in a list that is newer than the question', async () => {
  const neighbours = new NodeDirectory({ nodes, failed })
  expect(await find(neighbours, 'b')).toBeUndefined()
  there = { b: 'http://b:1/' }
  expect(await find(neighbours, 'b')).toBe('http://b:1/')
  expect(await find(neighbours, 'a')).toBeUndefined()
})

test('while the store is away what was known goes on, without a wait for each', async () => {
  const neighbours = new NodeDirectory({ nodes, failed })
  await find(neighbours, 'a')
  away = true
  await vi.advanceTimersByTimeAsync(60_000)
  for (let times = 0; times < 5; times += 1) expect(await find(neighbours, 'a')).toBe('http://a:1/')
  expect(asked).toBe(2)
  expect(failed).toHaveBeenCalledOnce()
  expect(await find(neighbours, 'b')).toBeUndefined()
})

test('a node that does not say yet at which port it listens is not there yet', async () => {
  there = { a: 'http://a:0', b: 'http://', c: 'http://[::1]:3' }
  const neighbours = new NodeDirectory({ nodes, failed })
  expect([await find(neighbours, 'a'), await find(neighbours, 'b')]).toEqual([undefined, undefined])
  expect(await find(neighbours, 'c')).toBe('http://[::1]:3/')
})
