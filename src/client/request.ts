import type { Clock } from './clock.ts'
import { SignalboxError } from './errors.ts'
import type { HandshakeAnswer, Link } from './link.ts'

export type RequestSpec<T> = {
  event: string
  args: readonly unknown[]
  /** Reads the ack's data in the same step in which it came: what the server says next comes after it. */
  read: (data: unknown) => T
}

/** Sends a request over one connection and resolves to what `read` makes of its ack. */
export type AskOverLink = <T>(link: Link, request: RequestSpec<T>) => Promise<T>

/** How long the first wait is after the server refused a request for its rate, ms; each further one is twice as long. */
const minRetryDelayMs = 300

/**
 * Asks on one connection, and again after a pause if the server refuses it for the rate of requests: it has done nothing then.
 * @throws SignalboxError timeout, lost, or as the server refuses
 */
export function ask<T>(link: Link, { event, args, read }: RequestSpec<T>, clock: Clock, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let refusal: SignalboxError | undefined
    let waitMs = minRetryDelayMs
    let late = false
    let cancelWait = () => {}
    const cancel = clock.after(timeoutMs, () => {
      late = true
      cancelWait()
      reject(refusal ?? new SignalboxError('timeout', `No answer to ${event}`))
    })
    const answered = (answer: HandshakeAnswer) => {
      if (late) return
      if (!answer.ok && isRateRefusal(answer)) {
        refusal = new SignalboxError(answer.code, answer.message)
        cancelWait = clock.after(waitMs, send)
        waitMs *= 2
        return
      }
      cancel()
      if (!answer.ok) {
        reject(new SignalboxError(answer.code, answer.message))
        return
      }
      try {
        resolve(read(answer.data))
      } catch (error) {
        reject(error)
      }
    }
    const send = () => {
      refusal = undefined
      link.ask(event, args, answered)
    }
    send()
  })
}

/** Refused without being looked at: more requests than the server takes of one connection, or has memory for. */
export function isRateRefusal(answer: HandshakeAnswer): boolean {
  return !answer.ok && answer.code === 'too_many_requests'
}
