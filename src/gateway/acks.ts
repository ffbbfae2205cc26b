import { SignalError, SupersededError } from '../core/errors.ts'
import type { RefusalLog } from '../observability/refusal-log.ts'
import type { Arguments } from './arguments.ts'
import type { Connection } from './connection.ts'
import type { AckFormat } from './dialect.ts'

/** Acks the requests of one connection in the format of its dialect. Logs and counts each refusal. */
export class Acks {
  readonly #connection: Connection
  readonly #services: { refusals: RefusalLog }

  constructor(connection: Connection, services: { refusals: RefusalLog }) {
    this.#connection = connection
    this.#services = services
  }

  accept(event: string, { ack }: Arguments, reply: unknown): void {
    ack(...this.#format.accept(event, reply))
  }

  /** @param reason for metric and log, if it is more precise than the error code */
  refuse(event: string, { ack }: Arguments, error: unknown, reason?: string): void {
    const refusal = error instanceof SignalError ? error : new SignalError('internal', '', { cause: error })
    const { refusals } = this.#services
    const { dialect, address } = this.#connection
    const about = { code: refusal.code, dialect: dialect.name, ...this.#connection.about, address }
    const isFault = ['internal', 'unavailable'].includes(refusal.code) && !(refusal instanceof SupersededError) // not a fault: the client itself sent a later request
    const [message, fault] = isFault ? (['request failed', refusal] as const) : (['request refused'] as const)
    refusals.note(reason ?? refusal.code, about, message, fault)
    ack(...this.#format.refuse(event, refusal, dialect.messages[refusal.code](refusal.detail)))
  }

  get #format(): AckFormat {
    const { dialect, version } = this.#connection
    return dialect.acks ?? ackFormatWith(dialect.versions[version]?.success ?? 'ok')
  }
}

/** The acks of docs/protocol.md#requests: the word for success and the data if there is any; or `error`, a sentence and the code. */
export function ackFormatWith(success: string): AckFormat {
  return {
    accept: (_event, reply) => (reply === undefined ? [success] : [success, reply]),
    refuse: (_event, { code }, message) => ['error', message, { code }],
  }
}
