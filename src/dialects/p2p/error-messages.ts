import type { ServedDialect } from '../../gateway/dialect.ts'
import { plainWords } from '../shared/error-messages.ts'

export const words: ServedDialect['words'] = {
  ...plainWords,
  illegal_request: () => 'Nobody is authenticated on this connection.',
}
