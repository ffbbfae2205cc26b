import { describe, expect, test } from 'vitest'
import { connect } from '../support/client.ts'
import { inRoom } from '../support/dialects.ts'
import { newRoom } from '../support/node.ts'
import { describeRoomDialect, startThree } from './room-dialects.ts'

describe('rooms', () => {
  describeRoomDialect({
    namespace: '/rooms',
    enter: (node, room) => inRoom(node, room, 'someone'),
    send: (client, room, number) => client.request('new_message', `${number}`, room, { rid: number }),
    event: 'new_message',
    leaveEvent: 'bye',
  })

  test('participants of a killed node count in the list of open rooms until their window ends', async () => {
    const [victim, second, third] = await startThree()
    const room = newRoom()
    await inRoom(victim, room)
    const observer = await connect(second.url, { namespace: '/rooms' })
    const listed = async () => (await observer.request('rooms')).data
    expect(await listed()).toContainEqual({ name: room, size: 1 })
    victim.kill('SIGKILL')
    await victim.exited
    expect(await listed()).toContainEqual({ name: room, size: 1 })
    const bob = await inRoom(third, room)
    expect(await listed()).toContainEqual({ name: room, size: 2 })
    await bob.request('leave_room')
    expect(await listed()).toContainEqual({ name: room, size: 1 })
  })
})
