import { describe, expect, test } from 'vitest'
import { connect } from '../support/client.ts'
import { inRoom } from '../support/dialects.ts'
import { newRoom } from '../support/node.ts'
import { describeInRooms, startThree } from './in-rooms.ts'

describe('rooms', () => {
  describeInRooms({
    namespace: '/rooms',
    enter: (node, room) => inRoom(node, room, 'someone'),
    say: (client, room, number) => client.request('new_message', `${number}`, room, { rid: number }),
    heard: 'new_message',
    left: 'bye',
  })

  test('participants of a killed node count in the list of open rooms until their window ends', async () => {
    const [doomed, second, third] = await startThree()
    const room = newRoom()
    await inRoom(doomed, room)
    const lobby = await connect(second.url, { namespace: '/rooms' })
    const listed = async () => (await lobby.request('rooms')).data
    expect(await listed()).toContainEqual({ name: room, size: 1 })
    doomed.kill('SIGKILL')
    await doomed.exited
    expect(await listed()).toContainEqual({ name: room, size: 1 })
    const bob = await inRoom(third, room)
    expect(await listed()).toContainEqual({ name: room, size: 2 })
    await bob.request('leave_room')
    expect(await listed()).toContainEqual({ name: room, size: 1 })
  })
})
