import { expect, test } from 'vitest'
import type { Entry } from '../../../../src/core/model.ts'
import { Feed } from '../../../../src/core/room/feed.ts'
import { Session } from '../../../../src/core/session/session.ts'

const media = (audio: boolean) => ({ audio, video: true })
const permission = (audio: boolean) => ({ publish: media(audio), subscribe: media(true) })
const permissionEntry = (seq: number, audio: boolean, changes: number): Entry => {
  const data = { permission: permission(audio), changes }
  return { seq, at: 0, event: 'permission', data, to: 'ann' }
}

function sessionWith(changes: number, log: Entry[] = []) {
  const read = async (after: number) => log.filter(({ seq }) => seq > after)
  const feed = new Feed(log.length, read, async () => {})
  const delivered: Entry[] = []
  const deliver = (entry: Entry) => void delivered.push(entry)
  const connection = { open: true, onLost: () => () => {}, deliver, cut() {}, close() {} }
  const member = { id: 'ann', user: 'Ann', role: 'r', permission: permission(false), changes, profile: {} }
  const ref = { room: 'portal/r', id: 'ann', owner: 'A:1' }
  const tickets = { previous: '', issued: ['ticket'] }
  const start = {
    dialect: 'portal',
    member,
    ref,
    token: { id: 't', seconds: 1 },
    tickets,
    ticketConfirmed: false,
    rid: 0,
    deliverAfter: 0,
    inDoubtUpTo: 0,
  }
  return { session: new Session(start, connection, feed), feed, delivered }
}

test('a permission entry changes the member, is not sent to the client, and moves the position', async () => {
  const { session, feed, delivered } = sessionWith(0)
  await session.startDelivery()
  feed.onEntry(permissionEntry(1, true, 1))
  expect(session.member.permission).toEqual(permission(true))
  expect(session.sentSeq).toBe(1)
  feed.onEntry(permissionEntry(2, false, 2))
  expect(session.member).toMatchObject({ permission: permission(false), changes: 2 })
  expect(delivered).toEqual([])
})

test('a replayed permission entry never replaces a newer permission', async () => {
  const { session } = sessionWith(2, [permissionEntry(1, true, 1), permissionEntry(2, false, 2)])
  session.receive(permissionEntry(1, true, 1))
  expect(session.member.permission).toEqual(permission(false))
  await session.startDelivery()
  expect(session.member.permission).toEqual(permission(false))
})
