import type { Clock } from './clock.ts'
import { SignalboxError } from './errors.ts'
import type { Link } from './link.ts'

export type Question<T> = {
  event: string
  args: readonly unknown[]
  /** Reads the ack's data in the same step in which it came: what the server says next comes after it. */
  read: (data: unknown) => T
}

/** Asks once, on one connection. @throws SignalboxError timeout, lost, or as the server refuses */
export function ask<T>(link: Link, { event, args, read }: Question<T>, clock: Clock, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let late = false
    const cancel = clock.after(timeoutMs, () => {
      late = true
      reject(new SignalboxError('timeout', `No answer to ${event}`))
    })
    link.ask(event, args, (answer) => {
      if (late) return
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
    })
  })
}
