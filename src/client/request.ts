import type { Clock } from './clock.ts'
import { SignalboxError } from './errors.ts'
import type { Link, LinkAnswer } from './link.ts'

export type RequestSpec<T> = {
  event: string
  args: readonly unknown[]
  /** Reads the data of the ack, in the same step in which it arrives, so before any later notification. */
  read: (data: unknown) => T
}

/** Sends a request over one connection and resolves to what `read` makes of its ack. */
export type AskOverLink = <T>(link: Link, request: RequestSpec<T>) => Promise<T>

/** The first pause after a refusal because of the rate, ms. It doubles with each refusal. */
const minRetryDelayMs = 300

/**
 * Sends a request on one connection. If the server refuses it because of the rate, and so has not performed it, sends it again
 * after a pause.
 * @throws SignalboxError timeout, lost, or as the server refuses
 */
export function ask<T>(link: Link, { event, args, read }: RequestSpec<T>, clock: Clock, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let refusal: SignalboxError | undefined
    let waitMs = minRetryDelayMs
    let timedOut = false
    let cancelWait = () => {}
    const cancel = clock.after(timeoutMs, () => {
      timedOut = true
      cancelWait()
      reject(refusal ?? new SignalboxError('timeout', `No answer to ${event}`))
    })
    const answered = (answer: LinkAnswer) => {
      if (timedOut) return
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

/** Whether the server refused the request because of the rate, or of its memory for requests. It has not performed the request. */
export function isRateRefusal(answer: LinkAnswer): boolean {
  return !answer.ok && answer.code === 'too_many_requests'
}
