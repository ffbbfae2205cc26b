import { beforeDeadline } from '../core/deadline.ts'
import { SignalError } from '../core/errors.ts'
import type { Session } from '../core/session/session.ts'
import type { Acks } from './acks.ts'
import type { Connection } from './connection.ts'
import type { IncomingRequest } from './incoming.ts'
import type { LoginFlow } from './login-flow.ts'
import type { GatewayServices } from './services.ts'

/** Runs the handlers of one connection's requests, except those that make a session, and acks each request. */
export class HandlerRunner {
  readonly #connection: Connection
  readonly #services: GatewayServices
  readonly #acks: Acks
  readonly #loginFlow: LoginFlow

  constructor(connection: Connection, services: GatewayServices, acks: Acks, loginFlow: LoginFlow) {
    this.#connection = connection
    this.#services = services
    this.#acks = acks
    this.#loginFlow = loginFlow
  }

  /** Holds notifications back until the ack is sent. */
  async run(incoming: IncomingRequest): Promise<void> {
    const { event, args, request } = incoming
    const connection = this.#connection
    if (!connection.session && request.phase !== 'any') {
      this.#acks.refuse(event, args, new SignalError('illegal_request'))
      return
    }
    connection.hold()
    try {
      await this.#handle(incoming)
    } finally {
      connection.release()
    }
  }

  async #handle(incoming: IncomingRequest): Promise<void> {
    const { event, args, deadline, request } = incoming
    const { session } = this.#connection
    try {
      this.#acks.accept(event, args, await beforeDeadline(deadline, () => this.#perform(incoming, session)))
      if (request.issuesTicket) this.#loginFlow.ticketSent()
    } catch (error) {
      this.#acks.refuse(event, args, error)
      const moved = error instanceof SignalError && error.code === 'moved'
      if (moved && session) await this.#services.sessions.closer.endTakenOver(session)
    }
  }

  async #perform({ request, args, deadline }: IncomingRequest, session: Session | undefined): Promise<unknown> {
    const connection = this.#connection
    const { rid } = args
    const payload = request.check(args.data)
    const context = { connection, deadline, ...(session ? { session } : {}), ...(rid === undefined ? {} : { rid }) }
    const handle = () => request.handle(context, payload)
    const reply = session ? await this.#services.sessions.runRequest(session, rid, handle) : await handle()
    if (session?.ended && connection.session === session) connection.endSession()
    return reply
  }
}
