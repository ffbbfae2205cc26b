// A page that resumes its session when it is reloaded: functions for the test, and the messages that it received.
import { Exchanger, Rooms } from 'signalbox/client'

const received = []
let client

globalThis.user = {
  async enter({ dialect = 'rooms', url, room, name }) {
    client = new { rooms: Rooms, exchanger: Exchanger }[dialect]({ url, resume: 'tab' })
    client.on('new_message', (text) => received.push(text))
    client.on('receiveOffer', ({ sdp }) => received.push(sdp))
    client.on('resumeFailed', ({ code }) => received.push(`resumeFailed ${code}`))
    if (dialect === 'rooms') await client.nickname(name)
    const {
      id,
      resumed = false,
      complete = true,
    } = await (dialect === 'rooms' ? client.enter(room) : client.join(room, name))
    return { id, resumed, complete, present: [...(client.members ?? client.users).keys()] }
  },
  say: (text) => client.say(text),
  received: () => received,
  leave: () => client.leave(),
}
