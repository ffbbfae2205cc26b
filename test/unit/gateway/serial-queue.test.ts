import { expect, test } from 'vitest'
import { SerialQueue } from '../../../src/gateway/serial-queue.ts'

function throwIt(error: unknown): never {
  throw error
}

/** A queue whose requests the test finishes one by one. */
function open() {
  const served: number[] = []
  const finish: (() => void)[] = []
  const queue = new SerialQueue<number>((request) => {
    served.push(request)
    return new Promise((resolve) => finish.push(resolve))
  }, throwIt)
  const next = async () => {
    finish.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { queue, served, next }
}

test('requests are served one after the other in the order of arrival, and never within `push`', async () => {
  const { queue, served, next } = open()
  for (const request of [1, 2, 3]) queue.push(request)
  expect(served).toEqual([])
  await next()
  expect(served).toEqual([1])
  await next()
  queue.push(4)
  expect(served).toEqual([1, 2])
  for (let n = 0; n < 3; n += 1) await next()
  expect(served).toEqual([1, 2, 3, 4])
  queue.push(5)
  await next()
  expect(served).toEqual([1, 2, 3, 4, 5])
})

test('`take` removes the waiting requests, and later ones are served', async () => {
  const { queue, served, next } = open()
  for (const request of [1, 2, 3]) queue.push(request)
  await next()
  expect(queue.take()).toEqual([2, 3])
  expect(queue.take()).toEqual([])
  queue.push(4)
  await next()
  await next()
  expect(served).toEqual([1, 4])
})

test('a request that throws or rejects is reported, and the next ones are served', async () => {
  const served: number[] = []
  const failures: unknown[] = []
  const queue = new SerialQueue<number>(
    (request) => {
      if (request === 1) throw new Error('thrown')
      if (request === 2) return Promise.reject(new Error('rejected'))
      served.push(request)
      return Promise.resolve()
    },
    (error) => failures.push(String(error)),
  )
  for (const request of [1, 2, 3]) queue.push(request)
  await new Promise((resolve) => setImmediate(resolve))
  queue.push(4)
  await new Promise((resolve) => setImmediate(resolve))
  expect(served).toEqual([3, 4])
  expect(failures).toEqual(['Error: thrown', 'Error: rejected'])
})
