import { SignalboxError } from '../../src/client/errors.ts'
import { Exchanger } from '../../src/client/exchanger.ts'
import { Portal } from '../../src/client/portal.ts'
import { type TokenSourceName, type Tokens, tokensOf } from './tokens.ts'
import { Mistake } from './usage-error.ts'

/** How long anything may take, ms. */
const patience = 10_000

/** @throws Mistake unless all targets are there and a user can log in; resolves to where tokens come from */
export async function tryTargets(
  targets: readonly string[],
  dialect: 'portal' | 'exchanger',
  secret: string | undefined,
): Promise<TokenSourceName> {
  await Promise.all(targets.map(reach))
  const [url = ''] = targets
  const source = secret ? 'signed' : await sourceAt(url, dialect)
  await Promise.all(targets.map((target) => tryLogin(target, dialect, tokensFor(source, target, secret))))
  return source
}

function tokensFor(source: TokenSourceName, url: string, secret: string | undefined): Tokens {
  try {
    return tokensOf(source, url, secret)
  } catch (error) {
    throw new Mistake(error instanceof Error ? error.message : String(error))
  }
}

async function reach(url: string): Promise<void> {
  const handshake = `${url}/socket.io/?EIO=4&transport=polling`
  const response = await fetch(handshake, { signal: AbortSignal.timeout(patience) }).catch((error: Error) => {
    const { cause } = error as { cause?: { code?: string; message?: string } }
    throw new Mistake(`Nobody answers at ${url}: ${cause?.code ?? cause?.message ?? error.message}`)
  })
  const text = await response.text().catch(() => '')
  if (!response.ok || !text.startsWith('0{')) {
    throw new Mistake(`${url} is there, but answers as no Signalbox does: HTTP ${response.status} at /socket.io/`)
  }
}

/** Without a secret: what POST /tokens/ gives, or nothing where the dialect can be used without. */
async function sourceAt(url: string, dialect: 'portal' | 'exchanger'): Promise<TokenSourceName> {
  try {
    await tokensOf('asked', url, undefined)({ room: 'load-trial', user: 'load-trial', role: 'presenter' })
    return 'asked'
  } catch (error) {
    if (dialect === 'exchanger') return 'none'
    const why = error instanceof Error ? error.message : error
    throw new Mistake(`${why}. Set SIGNALBOX_SECRET to the key that the nodes share, so that tokens can be signed.`)
  }
}

async function tryLogin(url: string, dialect: 'portal' | 'exchanger', tokens: Tokens): Promise<void> {
  const name = `load-trial-${Math.random().toString(36).slice(2)}`
  const token = async () => (await tokens({ room: name, user: name, role: 'presenter' })) ?? ''
  const common = { url, transports: ['websocket'] as const, loginTimeoutMs: patience }
  const client = dialect === 'portal' ? new Portal(common) : new Exchanger({ ...common, token })
  try {
    if (client instanceof Portal) {
      await client.login(token)
      await client.logout()
    } else {
      await client.join(name, name)
      await client.leave()
    }
  } catch (error) {
    throw new Mistake(refusal(url, error))
  } finally {
    client.close()
  }
}

function refusal(url: string, error: unknown): string {
  const { code, message } = error instanceof SignalboxError ? error : { code: 'internal', message: String(error) }
  const login = `${url} does not let a user in: ${message} (${code}).`
  if (!/token|unauthor/i.test(code)) return login
  return `${login} Is SIGNALBOX_SECRET here the first or another of those that its nodes have?`
}
