import type { Static, TSchema } from 'typebox'
import type { Request } from './dialect.ts'

/** The type of a request's data; undefined if it has none. */
export type Payload<R extends Request> = R extends { payload: infer P extends TSchema }
  ? Static<P> | (R extends { optional: true } ? undefined : never)
  : undefined

/** The type of the data in a request's ack; undefined if it has none. */
export type Reply<R extends Request> = R extends { reply: infer P extends TSchema } ? Static<P> : undefined
