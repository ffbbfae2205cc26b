import { expect, test } from 'vitest'
import { OwtRoster } from '../../../src/client/owt-roster.ts'
import type { PortalRoom } from '../../../src/client/portal-notifications.ts'

const room = (participants: string[], streams: string[]) =>
  ({ participants: participants.map((id) => ({ id })), streams: streams.map((id) => ({ id })) }) as PortalRoom

test('after a resync an OWT page receives the changes, and nothing that it knows', () => {
  const roster = new OwtRoster()
  roster.replace(room(['a', 'b'], ['s']))
  roster.apply({ notification: 'participant', data: { action: 'join', data: { id: 'c' } } })
  roster.apply({ notification: 'stream', data: { id: 't', status: 'add', data: { id: 't' } } })
  roster.apply({ notification: 'text', data: { message: 'x' } })
  expect(roster.catchUp(room(['a', 'c', 'd'], ['t', 'u']))).toEqual([
    { notification: 'stream', data: { id: 's', status: 'remove' } },
    { notification: 'participant', data: { action: 'leave', data: 'b' } },
    { notification: 'participant', data: { action: 'join', data: { id: 'd' } } },
    { notification: 'stream', data: { id: 'u', status: 'add', data: { id: 'u' } } },
  ])
  expect(roster.catchUp(room(['a', 'c', 'd'], ['t', 'u']))).toEqual([])
})
