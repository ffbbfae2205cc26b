import { type TSchema, Type } from 'typebox'
import { Errors } from 'typebox/value'
import { expect, test } from 'vitest'
import { portal, portalV1 } from '../../../src/protocol/portal.ts'
import { validationMessageOf } from '../../../src/protocol/validation-message.ts'

const messageOf = (schema: TSchema, value: unknown) => validationMessageOf(Errors(schema, value))
const requestOf = (event: keyof typeof portal, value: unknown) => messageOf(portal[event as 'publish'].payload, value)

/** Answers of OWT's portal (docs/owt.md#validation-messages). */
test.each([
  ['publish', {}, `request should have required property 'media' "media"`],
  [
    'publish',
    { media: { tracks: [{ type: 'x' }] } },
    'request.media.tracks[0].type should be equal to one of the allowed values ["audio","video"]',
  ],
  ['publish', { media: null, extra: 1 }, 'request should NOT have additional properties "extra"'],
  ['stream-control', {}, `request should have required property '.id' ".id"`],
  ['subscription-control', { id: 'x' }, `request should have required property '.operation' ".operation"`],
  ['stream-control', { id: 'x', operation: 'pause' }, `request should have required property '.data' ".data"`],
] as const)('%s %j has the message of OWT', (event, value, expected) => {
  expect(requestOf(event, value).split(',request')[0]).toBe(expected)
})

test('with alternatives, the message has every error once, joined by commas', () => {
  expect(requestOf('publish', { media: {} })).toBe(
    `request.media should have required property 'tracks' "tracks",request.media should be null "null"`,
  )
  expect(requestOf('stream-control', null)).toBe('request should be object "object"')
  expect(requestOf('stream-control', { id: 'x', operation: 'rewind', data: 'av' })).toBe(
    [
      'request.operation should be equal to one of the allowed values ["mix","unmix","get-region"]',
      'request.operation should be equal to one of the allowed values ["set-region"]',
      'request.data should be object "object"',
      'request.operation should be equal to one of the allowed values ["pause","play"]',
    ].join(','),
  )
})

test('without alternatives, the message has only the first error', () => {
  expect(requestOf('text', {})).toBe(`request should have required property 'to' "to"`)
  expect(messageOf(Type.Object({ a: Type.String(), b: Type.String() }), { a: 1, b: 2 })).toBe(
    'request.a should be string "string"',
  )
})

test.each<[TSchema, unknown, string]>([
  [Type.Object({}), 'x', 'request should be object "object"'],
  [Type.Array(Type.Number()), [1, 'x'], 'request[1] should be number "number"'],
  [Type.Object({ a: Type.Object({ b: Type.Boolean() }) }), { a: { b: 1 } }, 'request.a.b should be boolean "boolean"'],
  [Type.Literal('data'), 'x', 'request should be equal to constant "data"'],
  [Type.String({ minLength: 1 }), '', 'request should NOT be shorter than 1 characters 1'],
  [Type.String({ maxLength: 2 }), 'xxx', 'request should NOT be longer than 2 characters 2'],
  [Type.String({ pattern: '^a$' }), 'b', 'request should match pattern "^a$"'],
  [Type.Integer(), 1.5, 'request should be integer "integer"'],
])('%j has a message for %j', (schema, value, expected) => {
  expect(messageOf(schema, value)).toBe(expected)
})

test('protocol 1.0 and 1.1 have messages for their own schema', () => {
  expect(messageOf(portalV1.publish.payload, { media: { video: false } })).toBe(
    `request.media should have required property 'audio' "audio"`,
  )
})

test('without errors the message is still a sentence', () => {
  expect(validationMessageOf([])).toBe('request is not valid')
})
