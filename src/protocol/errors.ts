export type { ErrorCode } from '../core/errors.ts'
