import { checkOptions } from './check-options.ts'
import { systemClock } from './clock.ts'
import { systemNetwork } from './network.ts'
import type { BackOffOptions, ResumeOptions, SessionOptions, SessionParts } from './options.ts'
import type { RateLimitOptions } from './rate-limiter.ts'
import { connectSocket } from './socket-link.ts'

/** The options of a client with their defaults. */
export type Settings = {
  urls: readonly string[]
  path: string | undefined
  transports: readonly string[]
  backOff: BackOffOptions
  loginTimeoutMs: number
  attemptTimeoutMs: number
  rateLimit: RateLimitOptions | undefined
  resume: 'tab' | undefined
  parts: SessionParts
}

/** @throws TypeError when an option is wrong */
export function settingsOf(options: SessionOptions & ResumeOptions, { mayResume = false } = {}): Settings {
  checkOptions(options, { mayResume })
  return {
    urls: [options.url].flat().map(String),
    path: options.path,
    transports: options.transports ?? ['websocket', 'polling'],
    backOff: options.backOff ?? { baseMs: 250, capMs: 10_000 },
    loginTimeoutMs: options.loginTimeoutMs ?? 30_000,
    attemptTimeoutMs: options.attemptTimeoutMs ?? 8000,
    rateLimit: options.rateLimit,
    resume: options.resume,
    parts: {
      clock: systemClock,
      random: Math.random,
      network: systemNetwork,
      connect: connectSocket,
      ...options.parts,
    },
  }
}
