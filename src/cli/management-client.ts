import { withoutEndSlashes } from '../config/urls.ts'
import { CommandError, type Shell, UsageError } from './command.ts'
import { tableOf } from './table.ts'

/** No node answers. The process exits with code 3. */
export class UnreachableError extends CommandError {}

/** The API refused the request. `code` is that of the API's error, if it has one. */
export class RefusedError extends CommandError {
  readonly code: unknown

  constructor(message: string, code: unknown) {
    super(message)
    this.code = code
  }
}

/** How long an answer may take, ms. */
const requestTimeoutMs = 15_000

/** The options of every command that calls the API, as the usage shows them. */
export const apiUsage = '[--url http://localhost:8080] [--key K] [--json]'

/** The options of every command that calls the API. */
export const apiOptions = { url: { type: 'string' }, key: { type: 'string' }, json: { type: 'boolean' } } as const

type ApiValues = { url?: string | undefined; key?: string | undefined; json?: boolean | undefined }

/** The management API of a running cluster, and the output of the command that calls it. */
export type ApiClient = {
  /** Resolves to the answer, decoded if it is JSON. @throws RefusedError, UnreachableError */
  request: (method: string, path: string, body?: object) => Promise<unknown>
  /** Prints a table; with --json, everything as JSON. */
  printRows: (rows: object[], columns: string[]) => void
  /** Prints a line; with --json, the result as JSON. */
  printResult: (line: string, result: object) => void
}

/** @param url of a node; may have a path, below which a proxy serves the node @param path begins with a slash; may have a query */
export function below(url: string, path: string): URL {
  const { origin, pathname } = new URL(url)
  return new URL(`${origin}${withoutEndSlashes(pathname)}${path}`)
}

/** A name as a segment of a path. @throws UsageError for `.` and `..`, which a URL would resolve to another path */
export function segment(name: string): string {
  if (name === '.' || name === '..') throw new UsageError(`'${name}' is not a valid name`)
  return encodeURIComponent(name)
}

/** @throws UsageError */
export function apiClientOf({ environment, print }: Shell, values: ApiValues): ApiClient {
  const url = checkedUrl(values.url ?? environment.SIGNALBOX_URL ?? 'http://localhost:8080')
  const key = values.key ?? environment.SIGNALBOX_KEY ?? ''
  if (key === '') {
    throw new UsageError('No key: set SIGNALBOX_KEY, or --key, to one of MANAGEMENT_KEYS (without its id)')
  }
  if (!/^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(key)) {
    throw new UsageError('--key: contains characters that are not allowed in an HTTP header')
  }
  return {
    request: (method, path, body) => request(below(url, path), method, key, body),
    printRows: (rows, columns) => {
      if (values.json) print(JSON.stringify(rows))
      else for (const line of tableOf(rows, columns)) print(line)
    },
    printResult: (line, result) => print(values.json ? JSON.stringify(result) : line),
  }
}

/** @throws UsageError if the URL of a node is malformed */
export function checkedUrl(url: string): string {
  if (!/^https?:/.test(url) || !URL.canParse(url)) {
    throw new UsageError(`--url: "${url}" is not a valid URL with http:// or https://`)
  }
  return url
}

async function request(url: URL, method: string, key: string, body?: object): Promise<unknown> {
  const init = {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) },
    signal: AbortSignal.timeout(requestTimeoutMs),
    ...(body ? { body: JSON.stringify(body) } : {}),
  }
  const unreachable = (error: unknown): never => {
    throw new UnreachableError(`No node answers at ${url.origin} (${causeOf(error)})`, { cause: error })
  }
  const response = await fetch(url, init).catch(unreachable)
  const text = await response.text().catch(unreachable)
  const answer = response.headers.get('content-type')?.includes('json') ? decoded(text) : text
  if (response.ok) return answer
  if (response.status >= 502)
    throw new UnreachableError(`${url.origin} cannot serve the request now (HTTP ${response.status})`)
  throw refusedErrorOf(url, response.status, answer)
}

/** Why `fetch` failed: the code or the message of the innermost error, because the outer one says only `fetch failed`. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause !== undefined) return causeOf(error.cause)
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Messages of the API → what the operator can check. */
const hints: { [message: string]: string } = {
  'Resource not found': ' (is MANAGEMENT_KEYS set on the node? Without it the API is off)',
  'Room not found': ': no room has this id or name',
}

function refusedErrorOf(url: URL, status: number, answer: unknown): RefusedError {
  if (status === 401) return new RefusedError('Refused: the key is not one of MANAGEMENT_KEYS', undefined)
  const { error } = (typeof answer === 'object' && answer !== null ? answer : {}) as {
    error?: { code?: unknown; message?: unknown }
  }
  const notPublished = status === 404 ? `: ${url.origin} may not publish the management API, /v1` : ''
  const message = typeof error?.message === 'string' ? error.message : `HTTP ${status}${notPublished}`
  return new RefusedError(`Refused: ${message}${hints[message] ?? ''}`, error?.code)
}
