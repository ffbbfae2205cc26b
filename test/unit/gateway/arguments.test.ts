import { expect, test } from 'vitest'
import { readArguments } from '../../../src/gateway/arguments.ts'

const ack = () => {}
const other = () => {}
const data = { to: 'all' }

test.each<[string, unknown[], unknown[]]>([
  ['nothing', [], []],
  ['an ack alone', [ack], []],
  ['data and an ack', [data, ack], [data]],
  ['null before the ack', [data, null, ack], [data, null]],
  ['values after the ack', [data, ack, null, 'x'], [data]],
  ['two functions: the last is the ack', [data, other, ack], [data, other]],
])('readArguments reads %s', (_name, args, expected) => {
  const read = readArguments(args)
  expect(read.data).toEqual(expected)
  expect(read.badRid).toBe(false)
  expect(read).not.toHaveProperty('rid')
  if (args.includes(ack)) expect(read.ack).toBe(ack)
})

test('without an ack function, `ack` does nothing', () => {
  expect(readArguments([data, 'ack']).ack('ok')).toBeUndefined()
})

test('the array of arguments is not changed', () => {
  const args = [data, { rid: 1 }]
  readArguments(args)
  expect(args).toEqual([data, { rid: 1 }])
})

test.each([1, 2, Number.MAX_SAFE_INTEGER])('rid %d is read, and is not part of the data', (rid) => {
  expect(readArguments([data, { rid }, ack])).toEqual({ data: [data], rid, badRid: false, ack })
  expect(readArguments([{ rid }]).rid).toBe(rid)
})

test.each([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', null, undefined, [1], {}])(
  'rid %j is invalid, and is not part of the data',
  (rid) => {
    const read = readArguments([data, { rid }, ack])
    expect(read).toMatchObject({ data: [data], badRid: true })
    expect(read).not.toHaveProperty('rid')
  },
)

test.each([
  ['another field', { rid: 1, to: 'all' }],
  ['arguments after it', undefined],
  ['its field inherited', Object.create({ rid: 1 })],
])('an object with a rid and %s is data', (_name, value) => {
  const args = value === undefined ? [{ rid: 1 }, data, ack] : [value, ack]
  expect(readArguments(args)).toMatchObject({ data: args.slice(0, -1), badRid: false })
  expect(readArguments(args)).not.toHaveProperty('rid')
})
