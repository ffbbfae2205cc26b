import type { ErrorMessages } from '../../gateway/dialect.ts'
import { plainMessages } from '../shared/error-messages.ts'

export const messages: ErrorMessages = {
  ...plainMessages,
  illegal_request: () => 'Not authenticated.',
}
