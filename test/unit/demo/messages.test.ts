import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { SignalboxError } from '../../../src/client/index.ts'
import { errorCodes } from '../../../src/core/errors.ts'
import { plainMessages } from '../../../src/dialects/shared/error-messages.ts'

const path = '../../../demo/js/messages.js' // has no types
const { sentenceOf } = (await import(path)) as { sentenceOf: (error: unknown) => string }

beforeEach(() => void vi.stubGlobal('navigator', { onLine: true }))
afterEach(() => void vi.unstubAllGlobals())

const ofTheClient = ['unreachable', 'lost', 'timeout', 'closed', 'dropped', 'no_session', 'token_unavailable']

test.each([...errorCodes, ...ofTheClient])('the demo shows %s as a sentence without terms of the protocol', (code) => {
  const message = (plainMessages as { [code: string]: (detail: string) => string })[code]?.('detail') ?? code
  const sentence = sentenceOf(new SignalboxError(code, message))
  expect(sentence).toMatch(/^[A-Z].*[.]$/)
  expect(sentence).not.toMatch(/detail|ticket|token|session|request|protocol|event|receiver|stream/i)
})

test('an unexpected error is shown as a sentence, and an error without an answer says whether the device is offline', () => {
  for (const error of [undefined, null, 'x', new Error('x is undefined'), { code: 'toString' }])
    expect(sentenceOf(error)).toBe('Something went wrong. Try again.')
  expect(sentenceOf(new SignalboxError('2201', 'Bob is not there.'))).toBe('Bob is not there.')
  vi.stubGlobal('navigator', { onLine: false })
  expect(sentenceOf(new SignalboxError('unreachable'))).toMatch(/your device says that it is offline/)
  expect(sentenceOf(new SignalboxError('room_full'))).toMatch(/^This room is full/) // the server has answered
})
