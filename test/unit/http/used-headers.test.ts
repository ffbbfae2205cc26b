import { expect, test } from 'vitest'
import { UsedHeaders } from '../../../src/http/management/used-headers.ts'

test('a header whose claim failed because the store did not answer is accepted once when it is sent again', async () => {
  let unavailable = true
  const claim = async () => {
    if (unavailable) throw new Error('unavailable')
    return { first: true, since: 0 }
  }
  const used = new UsedHeaders(claim)
  await expect(used.use('nonce', 1, 60, performance.now() + 4500)).rejects.toThrow('unavailable')
  unavailable = false
  expect(await used.use('nonce', 1, 60, performance.now() + 4500)).toBe(true)
  expect(await used.use('nonce', 1, 60, performance.now() + 4500)).toBe(false)
})
