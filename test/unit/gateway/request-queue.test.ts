import { expect, test } from 'vitest'
import { SerialQueue } from '../../../src/gateway/request-queue.ts'

function throwIt(error: unknown): never {
  throw error
}

/** A queue whose requests are served when the test says so. */
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

test('requests are served one after the other, in the order they came, none in the step in which it comes', async () => {
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

test('what is taken out is not served; what comes afterwards is', async () => {
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

test('a request that fails, by a throw or a rejection, is reported, and the next ones are served', async () => {
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
