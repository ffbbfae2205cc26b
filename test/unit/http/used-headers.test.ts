import { expect, test } from 'vitest'
import { UsedHeaders } from '../../../src/http/management/used-headers.ts'

test('a header that was refused because the store was away is accepted once when it comes again', async () => {
  let away = true
  const note = async () => {
    if (away) throw new Error('away')
    return { first: true, since: 0 }
  }
  const used = new UsedHeaders(note)
  await expect(used.use('mark', 1, 60, performance.now() + 4500)).rejects.toThrow('away')
  away = false
  expect(await used.use('mark', 1, 60, performance.now() + 4500)).toBe(true)
  expect(await used.use('mark', 1, 60, performance.now() + 4500)).toBe(false)
})
