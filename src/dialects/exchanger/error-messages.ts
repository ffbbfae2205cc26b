import type { ErrorMessages } from '../../gateway/dialect.ts'
import { plainMessages } from '../shared/error-messages.ts'

export const messages: ErrorMessages = {
  ...plainMessages,
  illegal_request: () => 'You are in no channel: join one first.',
  not_in_room: () => 'You are not in this channel.',
  room_full: () => 'The channel is full.',
}
