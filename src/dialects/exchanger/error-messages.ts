import type { ServedDialect } from '../../gateway/dialect.ts'
import { plainWords } from '../shared/error-messages.ts'

export const words: ServedDialect['words'] = {
  ...plainWords,
  illegal_request: () => 'You are in no channel: join one first.',
  not_in_room: () => 'You are not in this channel.',
  room_full: () => 'The channel is full.',
}
