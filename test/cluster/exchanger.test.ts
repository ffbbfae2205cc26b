import { describe } from 'vitest'
import { inChannel } from '../support/dialects.ts'
import { describeInRooms } from './in-rooms.ts'

describe('exchanger', () =>
  describeInRooms({
    namespace: '/exchanger',
    enter: (node, room) => inChannel(node, room, { name: 'someone' }),
    send: (client, channelName, number) =>
      client.request('candidate', { channelName, candidate: number }, { rid: number }),
    event: 'receiveCandidate',
    leaveEvent: 'userLeftStream',
  }))
