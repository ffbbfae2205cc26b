import type { Clock } from './clock.ts'
import { SignalboxError } from './errors.ts'

/** A login token, or a function that returns one. The client calls the function for each login. */
export type TokenSource = string | (() => string | Promise<string>)

/** @throws SignalboxError token_unavailable, also if the function takes longer than `timeoutMs` */
export async function tokenOf(source: TokenSource, clock: Clock, timeoutMs: number): Promise<string> {
  if (typeof source === 'string') return source
  let cancel = () => {}
  const timeout = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)))
  })
  try {
    const token: unknown = await Promise.race([Promise.resolve().then(source), timeout])
    if (typeof token !== 'string') throw new TypeError(`it returned ${token === null ? 'null' : typeof token}`)
    return token
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SignalboxError('token_unavailable', `The token function failed: ${reason}`, { cause })
  } finally {
    cancel()
  }
}
