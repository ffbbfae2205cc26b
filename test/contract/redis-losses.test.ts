import { expect, onTestFinished, test } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { createRedisStore } from '../../src/state/redis/index.ts'
import { keysOf } from '../../src/state/redis/keys.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { Bench, type JoinedParticipant, limits, refuses } from './bench.ts'
import { backupOf } from './restore.ts'

/** A room on two nodes, whose keys the test can delete, or set back to an earlier state. */
function open() {
  const prefix = randomPrefix()
  const [store, other] = [0, 1].map(() => {
    const store = createRedisStore({ urls: [redisUrl()], mode: 'standalone' }, prefix, limits)
    onTestFinished(() => store.close())
    return store
  }) as [ReturnType<typeof createRedisStore>, ReturnType<typeof createRedisStore>]
  const bench = new Bench(store, other)
  const { client } = store
  const keys = keysOf(prefix)
  const all = async () => ('keys' in client ? client.keys(`${prefix}:*`) : [])
  return {
    bench,
    client,
    keys,
    room: bench.room,
    /** Deletes everything. */
    flush: async () => void (await client.unlink(await all())),
    /** Saves the present state; the returned function restores it, as on a server after a failover. */
    remember: async () => {
      const names = await all()
      const dumps = await Promise.all(names.map((name) => client.dumpBuffer(name)))
      return async () => {
        await client.unlink(await all())
        await Promise.all(names.map((name, index) => client.restore(name, 0, dumps[index] as Buffer)))
        await client.hset(keys.room(bench.room), 'server', 'another process, another history')
      }
    },
  }
}

test('the first write on a server with another history leaps, whatever the write is', async () => {
  const writes: { [what: string]: (bench: Bench, participant: JoinedParticipant) => Promise<unknown> } = {
    message: (bench, participant) => bench.append(participant),
    login: (bench) => bench.join(),
    relogin: (bench, participant) => bench.resume(participant),
    leaving: (bench, participant) => bench.store.sessionStore.leave(bench.room, participant.id, 'any'),
    announcement: (bench) => bench.store.log.appendFromServer(bench.room, { event: 'text', data: null }),
    check: (bench) => bench.store.log.leapIfBehind(bench.room, 0),
  }
  for (const write of Object.values(writes)) {
    const { bench, remember } = open()
    const participant = await bench.join()
    await (await remember())()
    await write(bench, participant)
    expect((await bench.log(1))[0]).toMatchObject({ event: 'leap', data: { after: 1 } })
    const top = await bench.headSeq()
    await write(bench, await bench.join())
    expect(await bench.headSeq()).toBeLessThan(top + 5)
  }
})

test('an owner that a lost server gave is not given again', async () => {
  const { bench, remember } = open()
  const participant = await bench.join()
  const goBack = await remember()
  const lost = await bench.resume(participant)
  await goBack()
  const again = await bench.resume(participant)
  expect(again.owner).not.toBe(lost.owner)
  expect(
    await bench.store.sessionUpkeep.restore(backupOf(participant, { ref: { ...participant.ref, owner: lost.owner } })),
  ).toBe(false)
})

test('restore makes a lost relogin valid again, with its tickets', async () => {
  const { bench, remember } = open()
  const participant = await bench.join()
  const goBack = await remember()
  const nextTicketId = newId()
  const { owner } = await bench.resume(participant, { nextTicketId })
  await goBack()
  const ref = { ...participant.ref, owner }
  await refuses(bench.store.log.append({ ref, op: 'x' }, { event: 'text', data: null }), 'moved')
  const tickets = { previous: participant.request.ticketId, issued: [nextTicketId] }
  expect(await bench.store.sessionUpkeep.restore(backupOf(participant, { ref, tickets, ticketConfirmed: true }))).toBe(
    true,
  )
  expect(await bench.store.log.append({ ref, op: 'x' }, { event: 'text', data: null })).toBeGreaterThan(1_000_000)
  await refuses(bench.append(participant), 'moved')
  expect(await bench.resume(participant, { ticketId: nextTicketId })).toMatchObject({ previousOwner: owner })
})

test('nodes that restore a lost room at the same time restore each participant once', async () => {
  const { bench, flush, client, keys, room } = open()
  const people = [await bench.join(), await bench.join(), await bench.join()]
  const top = await bench.headSeq()
  await flush()
  const backups = people.map((participant) => backupOf(participant, { feedPosition: top, ticketConfirmed: true }))
  const twice = [...backups, ...backups].map((backup, index) =>
    (index % 2 ? bench.store : bench.other).sessionUpkeep.restore(backup),
  )
  expect(await Promise.all(twice)).toEqual(twice.map(() => true))
  const { members } = await bench.store.roster.roster(room)
  expect(members.map(({ id }) => id).toSorted()).toEqual(people.map(({ id }) => id).toSorted())
  const log = await bench.log()
  expect(log.map(({ event }) => event)).toEqual(['leap', 'participant', 'participant', 'participant'])
  expect(log[0]).toMatchObject({ data: { after: 0 } })
  for (const participant of people) {
    await bench.append(participant)
    expect(await bench.resume(participant, { seq: top })).toMatchObject({ complete: false, deliverAfter: log[0]?.seq })
    expect(await client.get(keys.token(room, participant.request.token.id))).toBe('used')
  }
})

test('a login with the delivered seq of its node does not begin a lost room with old numbers', async () => {
  const { bench, flush } = open()
  await bench.join()
  await flush()
  const { joined } = await bench.join({ feedPosition: 7 })
  expect(joined.seq).toBeGreaterThan(1_000_000)
})

test('restore does not revert a permission that was changed since', async () => {
  const { bench, room } = open()
  const participant = await bench.join()
  const { member } = participant
  const none = { audio: false, video: false }
  const after = { ...member, permission: { publish: none, subscribe: none }, changes: 1 }
  await bench.store.roster.changeMember(room, member, after, { event: 'permission', data: null, to: member.id })
  await bench.store.sessionUpkeep.restore(backupOf(participant))
  expect(await bench.store.roster.member(room, member.id)).toEqual(after)
})

test('unrestored names the sessions that a failover brought back and no node restored, and no newer ones', async () => {
  const { bench, remember, room } = open()
  const [here, gone, waiting] = [await bench.join(), await bench.join(), await bench.join()]
  await bench.store.sessionStore.detach(waiting.ref, 3)
  const goBack = await remember()
  await bench.store.sessionStore.leave(room, gone.id, 'any')
  await goBack()
  const leap = await bench.store.log.leapIfBehind(room, 0)
  await bench.join()
  await bench.store.sessionUpkeep.restore(backupOf(here))
  expect(await bench.store.sessionUpkeep.unrestored(room, leap)).toEqual(
    expect.arrayContaining([gone.ref, waiting.ref]),
  )
  expect(await bench.store.sessionUpkeep.unrestored(room, leap)).toHaveLength(2)
})

test('a client that names no seq continues after the leap if its connection received more than the store has', async () => {
  const { bench, remember } = open()
  const participant = await bench.join()
  const goBack = await remember()
  await bench.append(participant)
  await bench.append(participant)
  await goBack()
  await bench.store.sessionUpkeep.restore(backupOf(participant, { confirmed: 3, feedPosition: 3 }))
  await bench.append(participant)
  const [leap] = await bench.log(1)
  expect(leap).toMatchObject({ event: 'leap', data: { after: 1 } })
  expect(await bench.resume(participant)).toMatchObject({ complete: false, deliverAfter: leap?.seq })
})
