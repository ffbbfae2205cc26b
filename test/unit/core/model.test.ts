import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorCodes, isErrorCode, SignalError } from '../../../src/core/errors.ts'
import { newId } from '../../../src/core/ids.ts'
import { defaultRoles, type Entry, isFor, roomIdOf, roomName } from '../../../src/core/model.ts'

describe('room ids', () => {
  const name = fc.string({ unit: 'grapheme' })

  test('roomName returns the name that roomIdOf encoded', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(roomName(roomIdOf('portal', text))).toBe(text)
      }),
    )
  })

  test('a room id is safe in a Redis key, a hash tag and a list entry', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(roomIdOf('rooms', text)).toMatch(/^rooms\/[\w.!~*'()%-]*$/)
      }),
    )
    expect(roomIdOf('rooms', 'a|b{c}:/ d')).toBe('rooms/a%7Cb%7Bc%7D%3A%2F%20d')
  })

  test('two different names have different ids', () => {
    expect(roomIdOf('rooms', 'x')).not.toBe(roomIdOf('portal', 'x'))
    fc.assert(
      fc.property(name, name, (one, two) => {
        expect(roomIdOf('p', one) === roomIdOf('p', two)).toBe(one === two)
      }),
    )
  })
})

describe('an entry is for', () => {
  const entry: Entry = { seq: 1, at: 0, event: 'text', data: null, from: 'ann' }
  test.each([
    ['every participant, its sender included', entry, [true, true]],
    ['its receiver only', { ...entry, to: 'bob' }, [false, true]],
    ['every participant but the one in `except`', { ...entry, except: 'ann' }, [false, true]],
    ['its receiver, whatever `except` is', { ...entry, to: 'ann', except: 'ann' }, [true, false]],
  ])('%s', (_, given, expected) => {
    expect(['ann', 'bob'].map((id) => isFor(given, id))).toEqual(expected)
  })
})

test('the default roles are those of OWT', () => {
  expect(defaultRoles.map(({ role }) => role)).toEqual([
    'presenter',
    'viewer',
    'audio_only_presenter',
    'video_only_viewer',
    'sip',
  ])
})

test('new ids have OWT’s form and are unique', () => {
  const ids = Array.from({ length: 100 }, newId)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
  expect(new Set(ids).size).toBe(100)
})

test('an error has a code, a detail and a cause', () => {
  const cause = new Error('away')
  const error = new SignalError('invalid_stream_id', 'x', { cause })
  expect(error).toBeInstanceOf(Error)
  expect(error).toMatchObject({ code: 'invalid_stream_id', detail: 'x', message: 'invalid_stream_id: x', cause })
  expect(new SignalError('moved').message).toBe('moved')
})

test('isErrorCode accepts the codes and nothing else', () => {
  expect(errorCodes.every(isErrorCode)).toBe(true)
  expect(new Set(errorCodes).size).toBe(errorCodes.length)
  for (const text of ['', 'Moved', 'constructor', 'length']) expect(isErrorCode(text)).toBe(false)
})
