import { addressOf } from './address.ts'
import { maxTimerMs } from './clock.ts'
import type { ResumeOptions, SessionOptions } from './options.ts'
import type { TokenSource } from './token-source.ts'

type CheckedOptions = SessionOptions & ResumeOptions & { token?: TokenSource }
/** Returns what is wrong with a value, as the end of a sentence that begins with the option's name; undefined if it is valid. */
type Check = (value: unknown) => string | undefined

const transports: readonly unknown[] = ['websocket', 'polling']

const checks: { [option in Exclude<keyof CheckedOptions, 'url'>]-?: Check } = {
  path: (value) =>
    typeof value === 'string' && /^\/[^?#\s]*$/.test(value) ? undefined : 'is not a path such as /signal/socket.io/',
  token: (value) =>
    typeof value === 'string' || typeof value === 'function'
      ? undefined
      : 'is neither a string nor a function that returns one',
  transports: (value) =>
    Array.isArray(value) && value.length > 0 && value.every((name) => transports.includes(name))
      ? undefined
      : "is not a list of 'websocket' and 'polling'",
  backOff: fields({ baseMs: milliseconds, capMs: milliseconds }),
  loginTimeoutMs: milliseconds,
  attemptTimeoutMs: milliseconds,
  rateLimit: fields({ perSecond: atLeast(Number.MIN_VALUE, 'above 0'), burst: atLeast(1, 'of 1 or more') }),
  resume: (value) => (value === 'tab' ? undefined : "is not 'tab'"),
  parts: (value) => (isObject(value) ? undefined : 'is not an object'),
}

/**
 * Checks the options of a client in its constructor. Otherwise a wrong option would make a login fail 30 s later.
 * @throws TypeError that names everything that is wrong
 */
export function checkOptions(
  options: unknown,
  { needsUrl = true, mayResume = false } = {},
): asserts options is CheckedOptions {
  if (!isObject(options)) throw new TypeError(`The options are ${shown(options)}, and must be an object with a url`)
  const problems = Object.entries(checks).flatMap(([name, check]) => {
    const value = options[name]
    const problem = value === undefined ? undefined : check(value)
    return problem ? [`${name}: ${shown(value)} ${problem}`] : []
  })
  if (options.resume !== undefined && !mayResume)
    problems.push('resume: only Rooms and Exchanger can resume in another page')
  if (options.url !== undefined || needsUrl) problems.unshift(...problemsOfUrls(options.url))
  if (problems.length > 0) throw new TypeError(problems.join('; '))
}

/** Checks a single option. @throws TypeError */
export function checkOption(name: keyof typeof checks, value: unknown): void {
  const problem = checks[name](value)
  if (problem) throw new TypeError(`${name}: ${shown(value)} ${problem}`)
}

/** Checks the arguments of the Mesh constructor. @throws TypeError */
export function checkMesh(channel: unknown, options: unknown): void {
  if (!isObject(channel) || typeof channel.attach !== 'function') {
    throw new TypeError(
      `The channel is ${shown(channel)}, and must be that of a client: \`rooms.channel\`, \`exchanger.channel\``,
    )
  }
  if (!isObject(options)) throw new TypeError(`The options are ${shown(options)}, and must be an object`)
  const { iceTransportPolicy: policy = 'all', iceServers = [] } = options
  if (policy !== 'all' && policy !== 'relay')
    throw new TypeError(`iceTransportPolicy: ${shown(policy)} is neither all nor relay`)
  if (!Array.isArray(iceServers)) throw new TypeError(`iceServers: ${shown(iceServers)} is not a list`)
}

function problemsOfUrls(url: unknown): string[] {
  if (url === undefined) return ['url: is missing']
  const urls = [url].flat()
  if (urls.length === 0) return ['url: the list is empty']
  return urls.flatMap((address) => {
    try {
      addressOf(address as string)
      return []
    } catch (error) {
      return [(error as TypeError).message]
    }
  })
}

function milliseconds(value: unknown): string | undefined {
  return typeof value === 'number' && value > 0 && value <= maxTimerMs
    ? undefined
    : `is not a number of milliseconds above 0, up to ${maxTimerMs}`
}

function atLeast(least: number, description: string): Check {
  return (value) =>
    typeof value === 'number' && value >= least && Number.isFinite(value) ? undefined : `is not a number ${description}`
}

function fields(checksOf: { [field: string]: Check }): Check {
  return (value) => {
    if (!isObject(value)) return `is not an object with ${Object.keys(checksOf).join(' and ')}`
    const problems = Object.entries(checksOf).flatMap(([name, check]) => {
      const problem = check(value[name])
      return problem ? [`has a ${name} that ${problem}`] : []
    })
    return problems.length > 0 ? problems.join(' and ') : undefined
  }
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return String(value)
  }
}
