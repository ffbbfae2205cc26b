import type { Socket } from 'socket.io'
import type { Timing } from '../core/deadline.ts'
import { SignalError } from '../core/errors.ts'
import type { RequestContext } from '../core/session/request-context.ts'
import type { Session } from '../core/session/session.ts'
import { wellFormed } from '../core/text.ts'
import type { Phase, Request, RequestDefinitions } from '../protocol/dialect.ts'
import type { Payload, Reply } from '../protocol/payload.ts'
import { validationOf } from '../protocol/validation.ts'
import { validationMessageOf } from '../protocol/validation-message.ts'
import type { Connection } from './connection.ts'
import type { DialectDescription, RenderedEvent } from './dialect.ts'

/** The connection that sent a request, and its session if it has one. */
export type LoginContext = Timing & { connection: Connection; session?: Session }

/**
 * The result of a login or relogin. `resumedFrom`: which node had the session before a relogin. `privateEvent`: an event for this client
 * alone, sent before the ack or between the ack and all notifications. `isIncomplete`: the log no longer has some of the missed
 * entries.
 */
export type LoginOutcome<R> = {
  reply: R
  session: Session
  resumedFrom?: 'same_node' | 'other_node'
  privateEvent?: { when: 'before ack' | 'after ack'; rendered: RenderedEvent; seq?: number }
  isIncomplete?: boolean
}

type Handler<R extends Request> = R['phase'] extends 'login' | 'switch_room'
  ? (context: LoginContext, payload: Payload<R>) => Promise<LoginOutcome<Reply<R>>>
  : R['phase'] extends 'any'
    ? (context: LoginContext & { rid?: number }, payload: Payload<R>) => Promise<Reply<R>>
    : (context: RequestContext & { connection: Connection }, payload: Payload<R>) => Promise<Reply<R>>

/** One handler for each request of a dialect. A missing handler, or a wrong payload or reply, is a compile error. */
export type Handlers<D extends RequestDefinitions> = { [event in keyof D]: Handler<D[event]> }

/** A request as the dispatcher serves it. */
export type ServedRequest = {
  phase: Phase
  impatient: boolean
  issuesTicket: boolean
  resumes: boolean
  /** @throws SignalError if the data does not match the schema */
  check: (data: unknown[]) => unknown
  handle: (context: LoginContext | (RequestContext & LoginContext), payload: unknown) => Promise<unknown>
}

export type RequestTable = ReadonlyMap<string, ServedRequest>

/** A version of a dialect: its requests, and the word with which its acks begin. */
export type Version = { requests: RequestTable; success: string }

/** A dialect: its description, and the requests that it serves. */
export type ServedDialect = DialectDescription & {
  /** Every event of any version. */
  events: ReadonlySet<string>
  versions: { readonly [version: string]: Version }
  /**
   * Decides what a client may do when it connects.
   * @returns why the client may only resume; undefined: it may do everything
   * @throws SignalError why it may not connect
   */
  admit?: (socket: Socket) => Promise<SignalError | undefined>
}

/** Joins a table and its handlers. Compiles each schema once. */
export function serveTable<D extends RequestDefinitions>(table: D, handlers: Handlers<D>): RequestTable {
  return new Map(
    Object.entries(table).map(([event, request]) => [
      event,
      {
        phase: request.phase,
        impatient: request.impatient === true,
        issuesTicket: request.issuesTicket === true,
        resumes: request.resumes === true,
        check: checkOf(request),
        // Handlers<D> guarantees that the types of the table and the handler agree
        handle: handlers[event as keyof D] as unknown as ServedRequest['handle'],
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
