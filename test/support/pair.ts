import { expect } from 'vitest'
import { type Client, connect, enter, type LoginOptions } from './client.ts'
import { newRoom } from './node.ts'

type PairOptions = { room?: string; ann?: Partial<LoginOptions>; bob?: Partial<LoginOptions> }

/** Logs Bob and then Ann into one room of the portal. Bob has taken the notification of her join. */
export async function enterPair(
  url: string,
  options: PairOptions = {},
): Promise<{ ann: Client; bob: Client; room: string }> {
  const { room = newRoom(), ann: annOptions, bob: bobOptions } = options
  const bob = await enter(url, { room, ...bobOptions })
  const ann = await enter(url, { room, ...annOptions })
  await bob.next('participant')
  return { ann, bob, room }
}

/** Sends the first request of a connection; expects its refusal, and that the server then disconnects. */
export async function expectRefused(
  url: string,
  event: 'login' | 'relogin',
  data: unknown,
  expected: object,
): Promise<void> {
  const client = await connect(url)
  expect(await client.request(event, data)).toEqual(expected)
  expect(await client.closed).toBe('io server disconnect')
}

/** Payloads whose `id` has a form that no stream and no subscription can have. */
export const malformedIds: [string, unknown][] = [
  ['no id', {}],
  ['an empty id', { id: '' }],
  ['the id null', { id: null }],
  ['a number as id', { id: 5 }],
  ['an object as id', { id: {} }],
  ['an id with an underscore', { id: 'a_b' }],
  ['an id with a line break', { id: 'a\n' }],
  ['the payload null', null],
  ['no payload', undefined],
]
