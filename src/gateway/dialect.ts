import type { Socket } from 'socket.io'
import type { Timing } from '../core/deadline.ts'
import { type ErrorCode, SignalError } from '../core/errors.ts'
import type { Entry } from '../core/model.ts'
import type { RequestContext } from '../core/session/request-context.ts'
import type { Session } from '../core/session/session.ts'
import { wellFormed } from '../core/text.ts'
import type { Dialect, Phase, Request } from '../protocol/dialect.ts'
import type { Payload, Reply } from '../protocol/payload.ts'
import type { Meta } from '../protocol/session.ts'
import { validationOf } from '../protocol/validation.ts'
import { validationMessageOf } from '../protocol/validation-message.ts'
import type { Connection } from './connection.ts'

/** Who asked; before login, there is no session. */
export type LoginContext = Timing & { connection: Connection; session?: Session }

/** An event and its arguments, without meta. */
export type RenderedEvent = [event: string, ...args: unknown[]]

/**
 * What a login or relogin came to. `from` says which node held the participant before a relogin. `first` is told to this
 * client alone, before the ack or between the ack and everything else. `gap`: some of what was missed cannot be told.
 */
export type LoginOutcome<R> = {
  reply: R
  session: Session
  from?: 'same_node' | 'other_node'
  first?: { when: 'before ack' | 'after ack'; say: RenderedEvent; seq?: number }
  gap?: boolean
}

/** `session`: only as long as there is one, the handler sees `asked.session`. */
type Handler<R extends Request> = R['phase'] extends 'entry' | 'enter'
  ? (context: LoginContext, payload: Payload<R>) => Promise<LoginOutcome<Reply<R>>>
  : R['phase'] extends 'open'
    ? (context: LoginContext & { rid?: number }, payload: Payload<R>) => Promise<Reply<R>>
    : (context: RequestContext & { connection: Connection }, payload: Payload<R>) => Promise<Reply<R>>

/** One handler for every request of a dialect: a missing one, a wrong payload field or reply is a compile error. */
export type Handlers<D extends Dialect> = { [event in keyof D]: Handler<D[event]> }

/** A request as the gate serves it. */
export type Served = {
  phase: Phase
  impatient: boolean
  /** @throws SignalError when the data is not what it must be */
  check: (data: unknown[]) => unknown
  handle: (context: LoginContext | (RequestContext & LoginContext), payload: unknown) => Promise<unknown>
}

/** A version of a dialect: its requests, and the word with which its acks begin when all is well. */
export type Version = { requests: ReadonlyMap<string, Served>; success: string }

/** The arguments of an ack. */
export type Answers = {
  accept: (event: string, reply: unknown) => unknown[]
  refuse: (event: string, refusal: SignalError, messages: string) => unknown[]
}

export type ServedDialect = {
  name: string
  namespace: string
  /** Every event of any version. */
  events: ReadonlySet<string>
  /** By the name that `connection.version` holds; the first is spoken before login. */
  versions: { readonly [version: string]: Version }
  firstVersion: string
  /** An entry in the dialect's words for one connection; undefined: this client is not told. */
  render: (entry: Entry, connection: Connection) => RenderedEvent | undefined
  /** What stands in a notification's meta besides `seq` and `from`, or instead of `from`. */
  metaOf?: (entry: Entry) => Omit<Meta, 'seq'>
  /** What its acks look like, where they differ from docs/protocol.md#requests. */
  answers?: Answers
  /** Its clients come back in a way that cannot name a seq, whatever they have said: what they have seen is found out. */
  confirmsDelivery?: true
  /** Said to a client whose participant is on another connection now. */
  displacedEvent?: string
  /** A client may stay without a session as long as it likes. */
  allowsIdle?: true
  /** Decides what a client may do. @returns why it may only resume @throws SignalError why it may not connect */
  admit?: (socket: Socket) => Promise<SignalError | undefined>
  /** Every code, worded. */
  messages: { readonly [code in ErrorCode]: (detail: string) => string }
}

/** Puts a table and its handlers together; schemas are compiled once. */
export function serveTable<D extends Dialect>(table: D, handlers: Handlers<D>): ReadonlyMap<string, Served> {
  return new Map(
    Object.entries(table).map(([event, request]) => [
      event,
      {
        phase: request.phase,
        impatient: request.impatient === true,
        check: checkOf(request),
        // the types of the table and the handler agree: Handlers<D> says so
        handle: handlers[event as keyof D] as unknown as Served['handle'],
      },
    ]),
  )
}

function checkOf({ payload, optional, positional, refusals = {} }: Request): (data: unknown[]) => unknown {
  if (!payload) return () => undefined
  const validation = validationOf(payload)
  return (data) => {
    const value = positional ? gather(positional, data) : data[0]
    if (optional && (value === undefined || value === null)) return undefined
    if (validation.check(value)) return wellFormed(value)
    const errors = validation.errorsOf(value)
    const [first] = errors
    const missing = first?.keyword === 'required' ? `/${first.params.requiredProperties[0] ?? ''}` : ''
    const code = refusals[`${first?.instancePath ?? ''}${missing}`]
    throw code ? new SignalError(code) : new SignalError('bad_request', validationMessageOf(errors))
  }
}

function gather(names: readonly string[], data: unknown[]): { [name: string]: unknown } {
  const named = names.flatMap((name, index) => (data[index] === undefined ? [] : [[name, data[index]]]))
  return Object.fromEntries(named)
}
