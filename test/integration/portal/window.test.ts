import { describe, expect, test } from 'vitest'
import { connect, enter, refusal } from '../../support/client.ts'
import { publishBoth, subscribeBoth } from '../../support/media.ts'
import { lose, newRoom, startNode } from '../../support/node.ts'
import { expectRefused } from '../../support/pair.ts'

const node = await startNode({ env: { RECONNECT_WINDOW: 1 } })
const strict = await startNode({ env: { RECONNECT_WINDOW: 0 } })
const gone = refusal('Client does NOT exist', 'participant_gone')
const disabled = refusal('Reconnection is not enabled.', 'reconnection_disabled')

describe('when the window is over', () => {
  test('the others are notified once, first of the participant and then of its streams', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const ann = await enter(node.url, { room })
    const stream = await publishBoth(ann)
    const subscription = await subscribeBoth(bob, stream)
    await bob.barrier()
    ann.cut()
    expect(await bob.next()).toMatchObject({ event: 'participant', data: { action: 'leave', data: ann.id } })
    expect(await bob.next()).toMatchObject({ event: 'stream', data: { id: stream, status: 'remove' } })
    expect(await bob.next()).toMatchObject({ event: 'subscription', data: { action: 'remove', id: subscription } })
    await expectRefused(node.url, 'relogin', ann.ticket, gone)
    expect(await bob.barrier()).toEqual([])
    expect((await bob.request('text', { to: ann.id, message: 'anyone?' })).code).toBe('no_such_participant')
  })

  test('a participant that resumed in time does not leave, not even at the end of an earlier window', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    const ann = await enter(node.url, { room })
    await lose(node, ann)
    const back = await connect(node.url)
    await back.relogin(ann.ticket)
    // Bob’s window began later: when it ends, Ann’s would have ended too
    const clock = await enter(node.url, { room })
    clock.cut()
    const left = async () => (await bob.next('participant')).data as { action: string; data: unknown }
    expect([(await left()).action, (await left()).action]).toEqual(['join', 'join'])
    expect(await left()).toEqual({ action: 'leave', data: clock.id })
    expect((await back.barrier()).map(({ data }) => data)).toContainEqual({ action: 'leave', data: clock.id })
  })

  test('a second loss of the connection starts a new window', async () => {
    const room = newRoom()
    const bob = await enter(node.url, { room })
    let ann = await enter(node.url, { room })
    for (let turn = 0; turn < 3; turn += 1) {
      await lose(node, ann)
      const back = await connect(node.url)
      await back.relogin(ann.ticket)
      ann = back
    }
    await bob.next('participant')
    expect(await bob.barrier()).toEqual([])
    ann.cut()
    expect((await bob.next()).data).toEqual({ action: 'leave', data: ann.id })
  })
})

describe('RECONNECT_WINDOW=0', () => {
  test('a participant whose connection is lost leaves at once', async () => {
    const room = newRoom()
    const bob = await enter(strict.url, { room })
    const ann = await enter(strict.url, { room })
    await bob.next('participant')
    ann.cut()
    expect((await bob.next()).data).toEqual({ action: 'leave', data: ann.id })
    await expectRefused(strict.url, 'relogin', ann.ticket, gone)
  })

  test('a login returns a ticket, because SDKs need one, but it resumes no session', async () => {
    const ann = await enter(strict.url, { room: newRoom() })
    await expectRefused(strict.url, 'relogin', ann.ticket, disabled)
    expect(await ann.barrier()).toEqual([])
  })

  test('a refresh of the ticket is refused', async () => {
    const ann = await enter(strict.url, { room: newRoom() })
    expect(await ann.request('refreshReconnectionTicket')).toEqual(disabled)
    expect(await ann.barrier()).toEqual([])
  })
})
