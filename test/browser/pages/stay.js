// A page that goes on with its session when it is loaded again: what a test tells it to do, and what it has heard.
import { Exchanger, Rooms } from 'signalbox/client'

const heard = []
let client

globalThis.person = {
  async enter({ dialect = 'rooms', url, room, name }) {
    client = new { rooms: Rooms, exchanger: Exchanger }[dialect]({ url, resume: 'tab' })
    client.on('new_message', (text) => heard.push(text))
    client.on('receiveOffer', ({ sdp }) => heard.push(sdp))
    client.on('resumeFailed', ({ code }) => heard.push(`resumeFailed ${code}`))
    if (dialect === 'rooms') await client.nickname(name)
    const {
      id,
      resumed = false,
      complete = true,
    } = await (dialect === 'rooms' ? client.enter(room) : client.join(room, name))
    return { id, resumed, complete, present: [...(client.members ?? client.users).keys()] }
  },
  say: (text) => client.say(text),
  heard: () => heard,
  leave: () => client.leave(),
}
