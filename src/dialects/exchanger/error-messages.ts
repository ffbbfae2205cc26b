import type { ErrorMessages } from '../../gateway/dialect.ts'
import { plainMessages } from '../shared/error-messages.ts'

export const messages: ErrorMessages = {
  ...plainMessages,
  illegal_request: () => 'You are not in a channel.',
  not_in_room: () => 'You are not in this channel.',
  room_full: () => 'The channel is full.',
}
