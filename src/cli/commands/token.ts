import { readConfig } from '../../config/index.ts'
import { writeToken } from '../../core/auth/tokens.ts'
import { isName, maxNameCharacters } from '../../core/names.ts'
import { type Command, CommandError, readArgs, type Shell, UsageError } from '../command.ts'
import {
  apiClientOf,
  apiOptions,
  apiUsage,
  below,
  causeOf,
  checkedUrl,
  UnreachableError,
} from '../management-client.ts'
import { requestInRoom } from '../room-lookup.ts'

type TokenSpec = { room: string; user: string; role: string }

const option = { type: 'string' } as const
const options = { ...apiOptions, room: option, user: option, role: option, host: option }

export const token: Command = {
  usage: `--room R --user U [--role presenter] [--host localhost:8080] ${apiUsage}`,
  summary:
    'prints a login token. With SIGNALBOX_KEY or --key the API makes it; otherwise this program signs it with SIGNALBOX_SECRET, or requests it from a development node',
  async run(args, shell) {
    const { environment, print } = shell
    const { values } = readArgs(args, options)
    const { room = '', user = '', role = 'presenter', host, key = environment.SIGNALBOX_KEY } = values
    const spec = checked({ room, user, role })
    const url = values.url ?? environment.SIGNALBOX_URL
    const printToken = (token: unknown) => print(values.json ? JSON.stringify({ token }) : String(token))
    if (key) {
      const api = apiClientOf(shell, values)
      printToken(await requestInRoom(api, 'POST', room, '/tokens', { user, role }))
    } else if (environment.SIGNALBOX_SECRET && url === undefined) {
      printToken(sign(spec, host, environment))
    } else printToken(await requestFromDemo(spec, url ?? `http://localhost:${readSettings(environment).port}`))
  },
}

/** @throws UsageError */
function checked(spec: TokenSpec): TokenSpec {
  const { room, user, role } = spec
  if (!room || !user || !role) throw new UsageError('token needs --room and --user')
  for (const [option, name] of Object.entries({ '--room': room, '--user': user })) {
    if (isName(name)) continue
    throw new UsageError(
      `${option}: expected at most ${maxNameCharacters} characters, no control characters, and at least one visible character`,
    )
  }
  return spec
}

/** Reads only the options that a token needs, because mistakes in other options do not affect it. */
function readSettings({ SIGNALBOX_SECRET, TOKEN_TTL, PORT, PUBLIC_URL }: Shell['environment']) {
  return readConfig({ SIGNALBOX_SECRET, TOKEN_TTL, PORT, OPS_PORT: '0', PUBLIC_URL })
}

/** @param host the node or balancer for clients; unset: that of PUBLIC_URL, or a node on this machine */
function sign(spec: TokenSpec, host: string | undefined, environment: Shell['environment']): string {
  const { keys, tokenTtl, port, publicUrl } = readSettings(environment)
  const local = { host: `localhost:${port}`, secure: false }
  const target = host === undefined ? (publicUrl ?? local) : { host, secure: false }
  const made = Date.now()
  const notAfter = made + tokenTtl * 1000
  return writeToken(keys, { ...spec, made }, { host: target.host, secure: target.secure }, notAfter)
}

/** Requests a token from `POST /tokens/`, which a node serves in development, or with DEMO=true. */
async function requestFromDemo(spec: TokenSpec, nodeUrl: string): Promise<string> {
  const url = checkedUrl(nodeUrl)
  const remedy = 'Set SIGNALBOX_KEY to a management key, or SIGNALBOX_SECRET to the secret of the nodes.'
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(spec) }
  const response = await fetch(below(url, '/tokens/'), init).catch((error: unknown) => {
    throw new UnreachableError(`No node answers at ${url} (${causeOf(error)}). ${remedy}`, { cause: error })
  })
  const text = await response.text()
  if (!response.ok) throw new CommandError(`${url} gives no token (HTTP ${response.status}). ${remedy}`)
  return text
}
