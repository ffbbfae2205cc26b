import type { Clock } from './clock.ts'
import { SignalboxError } from './errors.ts'

/** A token, or a function that returns one: called at every login. */
export type TokenSource = string | (() => string | Promise<string>)

/** @throws SignalboxError token_unavailable, also if the function takes longer than `timeoutMs` */
export async function tokenOf(source: TokenSource, clock: Clock, timeoutMs: number): Promise<string> {
  if (typeof source === 'string') return source
  let cancel = () => {}
  const late = new Promise<never>((_resolve, reject) => {
    cancel = clock.after(timeoutMs, () => reject(new Error(`no answer within ${timeoutMs} ms`)))
  })
  try {
    const token: unknown = await Promise.race([Promise.resolve().then(source), late])
    if (typeof token !== 'string') throw new TypeError(`it returned ${token === null ? 'null' : typeof token}`)
    return token
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new SignalboxError('token_unavailable', `The token function failed: ${why}`, { cause })
  } finally {
    cancel()
  }
}
