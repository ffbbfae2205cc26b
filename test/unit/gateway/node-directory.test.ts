import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { NodeDirectory } from '../../../src/gateway/proxy/node-directory.ts'

let registered: { [id: string]: string }
let isUnavailable: boolean
let reads: number
const failed = vi.fn()
const nodes = async () => {
  reads += 1
  if (isUnavailable) throw new Error('unavailable')
  return Object.entries(registered).map(([id, url]) => ({ id, url, version: '1', connections: 0 }))
}

beforeEach(() => {
  vi.useFakeTimers()
  registered = { a: 'http://a:1/' }
  isUnavailable = false
  reads = 0
  failed.mockClear()
})
afterEach(() => {
  vi.useRealTimers()
})

/** The address as text, after the directory's shortest time between two reads. */
async function find(directory: NodeDirectory, node: string): Promise<string | undefined> {
  const found = directory.urlOf(node)
  await vi.advanceTimersByTimeAsync(500)
  return (await found)?.href
}

test('the list is read once in 5 s, however often an address is needed', async () => {
  const directory = new NodeDirectory({ nodes, failed })
  for (let times = 0; times < 9; times += 1) expect(await find(directory, 'a')).toBe('http://a:1/')
  expect(reads).toBe(1)
  registered = { a: 'http://a:2/' }
  await vi.advanceTimersByTimeAsync(1000)
  expect(await find(directory, 'a'), 'during the refresh').toBe('http://a:1/')
  expect(await find(directory, 'a')).toBe('http://a:2/')
  expect(reads).toBe(2)
})

test('requests for unknown nodes cause at most two reads a second', async () => {
  const directory = new NodeDirectory({ nodes, failed })
  const found = Array.from({ length: 1000 }, (_, number) => directory.urlOf(`made up ${number}`))
  await vi.advanceTimersByTimeAsync(0)
  expect(await Promise.all(found)).toEqual(found.map(() => undefined))
  for (let ms = 0; ms < 5000; ms += 10) {
    void directory.urlOf(`made up ${ms}`)
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(reads).toBeLessThanOrEqual(11)
})

test('a lookup of an unknown node waits for a newer list, which has nodes that started since and lacks nodes that ended', async () => {
  const directory = new NodeDirectory({ nodes, failed })
  expect(await find(directory, 'b')).toBeUndefined()
  registered = { b: 'http://b:1/' }
  expect(await find(directory, 'b')).toBe('http://b:1/')
  expect(await find(directory, 'a')).toBeUndefined()
})

test('while the store does not answer, known addresses stay valid and cause no wait', async () => {
  const directory = new NodeDirectory({ nodes, failed })
  await find(directory, 'a')
  isUnavailable = true
  await vi.advanceTimersByTimeAsync(60_000)
  for (let times = 0; times < 5; times += 1) expect(await find(directory, 'a')).toBe('http://a:1/')
  expect(reads).toBe(2)
  expect(failed).toHaveBeenCalledOnce()
  expect(await find(directory, 'b')).toBeUndefined()
})

test('a node with port 0 or without a valid URL is not found', async () => {
  registered = { a: 'http://a:0', b: 'http://', c: 'http://[::1]:3' }
  const directory = new NodeDirectory({ nodes, failed })
  expect([await find(directory, 'a'), await find(directory, 'b')]).toEqual([undefined, undefined])
  expect(await find(directory, 'c')).toBe('http://[::1]:3/')
})
