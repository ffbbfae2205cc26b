import type { Static, TSchema } from 'typebox'
import type { Request } from './dialect.ts'

/** What a request's data is; undefined when there is none. */
export type Payload<R extends Request> = R extends { payload: infer P extends TSchema }
  ? Static<P> | (R extends { optional: true } ? undefined : never)
  : undefined

/** What the ack of a request brings; undefined when nothing. */
export type Reply<R extends Request> = R extends { reply: infer P extends TSchema } ? Static<P> : undefined
