import type { ServedDialect } from '../../gateway/dialect.ts'
import { plainMessages } from '../shared/error-messages.ts'

export const messages: ServedDialect['messages'] = {
  ...plainMessages,
  illegal_request: () => 'Nobody is authenticated on this connection.',
}
