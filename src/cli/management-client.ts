import { type ParseArgsConfig, parseArgs } from 'node:util'
import { withoutEndSlashes } from '../config/urls.ts'
import { CommandError, type Shell, UsageError } from './command.ts'
import { table } from './table.ts'

/** Nobody answers: exit code 3. */
export class UnreachableError extends CommandError {}

/** The API has refused: with its code, if it gave one. */
export class RefusedError extends CommandError {
  readonly code: unknown

  constructor(message: string, code: unknown) {
    super(message)
    this.code = code
  }
}

/** How long an answer may take, ms. */
const requestTimeoutMs = 15_000

/** What every command that asks the API takes. */
export const apiUsage = '[--url http://localhost:8080] [--key K] [--json]'

type ManagementOptions = NonNullable<ParseArgsConfig['options']>
const common = { url: { type: 'string' }, key: { type: 'string' }, json: { type: 'boolean' } } as const

/** The API of a running cluster, as one command asks it. */
export type ApiClient = {
  /** Resolves to the answer, decoded if it is JSON. @throws CommandError when refused, UnreachableError */
  ask: (method: string, path: string, body?: object) => Promise<unknown>
  /** Rows for people, or all of it as JSON for programs. */
  show: (rows: object[], columns: string[]) => void
  /** One line for people, or the answer as JSON for programs. */
  say: (line: string, answer: object) => void
}

/**
 * Reads a command's arguments: `names` are those without a dash, in their order.
 * @throws UsageError
 */
export function readApiArgs<N extends string, O extends ManagementOptions = Record<never, never>>(
  args: string[],
  shell: Shell,
  names: readonly N[],
  options?: O,
): { client: ApiClient; given: { [name in N]: string }; values: { [name: string]: unknown } } {
  const { values, positionals } = parseOptions(args, options)
  if (positionals.length !== names.length || positionals.includes('')) {
    throw new UsageError(names.length === 0 ? 'Too many arguments' : `Needs ${names.join(' and ')}`)
  }
  const given = Object.fromEntries(names.map((name, index) => [name, positionals[index] ?? '']))
  return { client: clientOf(shell, values), given: given as { [name in N]: string }, values }
}

/** @param url of a node, which may be served below a path @param path from the slash on, with its query */
export function below(url: string, path: string): URL {
  const { origin, pathname } = new URL(url)
  return new URL(`${origin}${withoutEndSlashes(pathname)}${path}`)
}

/** A name as a part of a path. @throws UsageError for the two that would lead to another path: URLs resolve them */
export function segment(name: string): string {
  if (name === '.' || name === '..') throw new UsageError(`'${name}' is no name`)
  return encodeURIComponent(name)
}

/** A command's own options and those of every command that asks the API. @throws UsageError */
export function parseOptions(
  args: string[],
  options: ManagementOptions = {},
): { values: { [name: string]: unknown }; positionals: string[] } {
  try {
    return parseArgs({ args, options: { ...options, ...common }, strict: true, allowPositionals: true })
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** @throws UsageError */
export function clientOf({ environment, print }: Shell, values: { [name: string]: unknown }): ApiClient {
  const url = String(values.url ?? environment.SIGNALBOX_URL ?? 'http://localhost:8080')
  const key = String(values.key ?? environment.SIGNALBOX_KEY ?? '')
  if (!/^https?:/.test(url) || !URL.canParse(url)) throw new UsageError(`--url: ${url} is no URL`)
  if (key === '') throw new UsageError('No key: set SIGNALBOX_KEY to one of MANAGEMENT_KEYS (without its id), or --key')
  if (!/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(key)) throw new UsageError('--key: has characters that no header may have')
  const json = values.json === true
  return {
    ask: (method, path, body) => ask(below(url, path), method, key, body),
    show: (rows, columns) => {
      if (json) print(JSON.stringify(rows))
      else for (const line of table(rows, columns)) print(line)
    },
    say: (line, answer) => print(json ? JSON.stringify(answer) : line),
  }
}

async function ask(url: URL, method: string, key: string, body?: object): Promise<unknown> {
  const request = {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    signal: AbortSignal.timeout(requestTimeoutMs),
    ...(body ? { body: JSON.stringify(body) } : {}),
  }
  const unreachable = (error: unknown): never => {
    throw new UnreachableError(`No node answers at ${url.origin}`, { cause: error })
  }
  const response = await fetch(url, request).catch(unreachable)
  const text = await response.text().catch(unreachable)
  const answer = response.headers.get('content-type')?.includes('json') ? decoded(text) : text
  if (response.ok) return answer
  if (response.status >= 502) throw new UnreachableError(`${url.origin} cannot answer now (HTTP ${response.status})`)
  throw refusalOf(response.status, answer)
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function refusalOf(status: number, answer: unknown): RefusedError {
  if (status === 401) return new RefusedError('Refused: the key is not one of MANAGEMENT_KEYS', undefined)
  const { error } = (typeof answer === 'object' && answer !== null ? answer : {}) as {
    error?: { code?: unknown; message?: unknown }
  }
  const message = typeof error?.message === 'string' ? error.message : `HTTP ${status}`
  const off = message === 'Resource not found' ? ' (is MANAGEMENT_KEYS set there? without it there is no API)' : ''
  const nowhere = message === 'Room not found' ? ': no room has this id or name' : ''
  return new RefusedError(`Refused: ${message}${off}${nowhere}`, error?.code)
}
