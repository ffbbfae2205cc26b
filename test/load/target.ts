import { SignalboxError } from '../../src/client/errors.ts'
import { Exchanger } from '../../src/client/exchanger.ts'
import { Portal } from '../../src/client/portal.ts'
import { type TokenSourceName, type Tokens, tokensOf } from './tokens.ts'
import { UsageError } from './usage-error.ts'

const requestTimeoutMs = 10_000

/**
 * Checks that a user can log in at every target.
 * @returns where login tokens come from
 * @throws UsageError naming the target and the problem
 */
export async function tryTargets(
  targets: readonly string[],
  dialect: 'portal' | 'exchanger',
  secret: string | undefined,
): Promise<TokenSourceName> {
  await Promise.all(targets.map(checkHandshake))
  const [url = ''] = targets
  const source = secret ? 'signed' : await findTokenSource(url, dialect)
  await Promise.all(targets.map((target) => tryLogin(target, dialect, tokensFor(source, target, secret))))
  return source
}

function tokensFor(source: TokenSourceName, url: string, secret: string | undefined): Tokens {
  try {
    return tokensOf(source, url, secret)
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

async function checkHandshake(url: string): Promise<void> {
  const handshake = `${url}/socket.io/?EIO=4&transport=polling`
  const response = await fetch(handshake, { signal: AbortSignal.timeout(requestTimeoutMs) }).catch((error: Error) => {
    const { cause } = error as { cause?: { code?: string; message?: string } }
    throw new UsageError(`No server answers at ${url}: ${cause?.code ?? cause?.message ?? error.message}`)
  })
  const text = await response.text().catch(() => '')
  if (!response.ok || !text.startsWith('0{')) {
    throw new UsageError(`${url} is not a Signalbox node: GET /socket.io/ answered with HTTP ${response.status}`)
  }
}

/** Without a secret: POST /tokens/, or no tokens if the dialect does not need them. */
async function findTokenSource(url: string, dialect: 'portal' | 'exchanger'): Promise<TokenSourceName> {
  try {
    await tokensOf('requested', url, undefined)({ room: 'load-trial', user: 'load-trial', role: 'presenter' })
    return 'requested'
  } catch (error) {
    if (dialect === 'exchanger') return 'none'
    const why = error instanceof Error ? error.message : error
    throw new UsageError(
      `${why}. Set SIGNALBOX_SECRET to the secret of the nodes, so that this command can sign tokens.`,
    )
  }
}

async function tryLogin(url: string, dialect: 'portal' | 'exchanger', tokens: Tokens): Promise<void> {
  const name = `load-trial-${Math.random().toString(36).slice(2)}`
  const token = async () => (await tokens({ room: name, user: name, role: 'presenter' })) ?? ''
  const clientOptions = { url, transports: ['websocket'] as const, loginTimeoutMs: requestTimeoutMs }
  const client = dialect === 'portal' ? new Portal(clientOptions) : new Exchanger({ ...clientOptions, token })
  try {
    if (client instanceof Portal) {
      await client.login(token)
      await client.logout()
    } else {
      await client.join(name, name)
      await client.leave()
    }
  } catch (error) {
    throw new UsageError(loginFailure(url, error))
  } finally {
    client.close()
  }
}

function loginFailure(url: string, error: unknown): string {
  const { code, message } = error instanceof SignalboxError ? error : { code: 'internal', message: String(error) }
  const failure = `${url} refused a login: ${message} (${code}).`
  if (!/token|unauthor/i.test(code)) return failure
  return `${failure} Check that SIGNALBOX_SECRET is one of the secrets of its nodes.`
}
