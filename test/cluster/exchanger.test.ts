import { describe } from 'vitest'
import { inChannel } from '../support/dialects.ts'
import { describeRoomDialect } from './room-dialects.ts'

describe('exchanger', () =>
  describeRoomDialect({
    namespace: '/exchanger',
    enter: (node, room) => inChannel(node, room, { name: 'someone' }),
    send: (client, channelName, number) =>
      client.request('candidate', { channelName, candidate: number }, { rid: number }),
    event: 'receiveCandidate',
    leaveEvent: 'userLeftStream',
  }))
