import { readConfig } from '../../config/index.ts'
import { writeToken } from '../../core/auth/tokens.ts'
import { isName, maxNameCharacters } from '../../core/names.ts'
import { type Command, CommandError, type Shell, UsageError } from '../command.ts'
import { apiUsage, below, clientOf, parseOptions, UnreachableError } from '../management-client.ts'
import { askInRoom } from '../room-lookup.ts'

type TokenSpec = { room: string; user: string; role: string }

export const token: Command = {
  usage: `--room R --user U [--role presenter] [--host localhost:8080] ${apiUsage}`,
  summary:
    'a login token: asked of the API with SIGNALBOX_KEY or --key; without a key signed with SIGNALBOX_SECRET, or asked of a node in development',
  async run(args, shell) {
    const { environment, print } = shell
    const option = { type: 'string' } as const
    const { values, positionals } = parseOptions(args, { room: option, user: option, role: option, host: option })
    if (positionals.length > 0) throw new UsageError(`Unexpected argument '${positionals[0]}'`)
    const { room = '', user = '', role = 'presenter', host, url, key = environment.SIGNALBOX_KEY } = values
    if (!room || !user || !role) throw new UsageError('token needs --room and --user')
    for (const [option, text] of Object.entries({ '--room': room, '--user': user })) {
      if (!isName(String(text)))
        throw new UsageError(
          `${option}: needs a character that can be seen, no control character, and at most ${maxNameCharacters} characters`,
        )
    }
    const claims = { room, user, role } as TokenSpec
    const local = () => `localhost:${settings(environment).port}`
    const at = url ?? environment.SIGNALBOX_URL
    const say = (text: unknown) => print(values.json === true ? JSON.stringify({ token: text }) : String(text))
    if (key) {
      say(await askInRoom(clientOf(shell, values), 'POST', claims.room, '/tokens', { user, role }))
    } else if (environment.SIGNALBOX_SECRET && at === undefined) {
      say(sign(claims, host === undefined ? undefined : String(host), environment))
    } else say(await askDemo(claims, String(at ?? `http://${local()}`)))
  },
}

/** Only what a token needs: what else is wrong with the environment is no reason to refuse one. */
function settings({ SIGNALBOX_SECRET, TOKEN_TTL, PORT, PUBLIC_URL }: Shell['environment']) {
  return readConfig({ SIGNALBOX_SECRET, TOKEN_TTL, PORT, OPS_PORT: '0', PUBLIC_URL })
}

/** @param host what clients connect to, in place of PUBLIC_URL and of a node on this machine */
function sign(claims: TokenSpec, host: string | undefined, environment: Shell['environment']): string {
  const { keys, tokenTtl, port, publicUrl } = settings(environment)
  const local = { host: `localhost:${port}`, secure: false }
  const target = host === undefined ? (publicUrl ?? local) : { host, secure: false }
  const made = Date.now()
  const notAfter = made + tokenTtl * 1000
  return writeToken(keys, { ...claims, made }, { host: target.host, secure: target.secure }, notAfter)
}

/** A node in development gives tokens to whoever asks; in production none does. */
async function askDemo(claims: TokenSpec, url: string): Promise<string> {
  if (!/^https?:/.test(url) || !URL.canParse(url)) throw new UsageError(`--url: ${url} is no URL`)
  const otherwise = 'Set SIGNALBOX_KEY to a management key, or SIGNALBOX_SECRET to what the nodes share.'
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(claims) }
  const response = await fetch(below(url, '/tokens/'), request).catch((error: unknown) => {
    throw new UnreachableError(`No node answers at ${url}. ${otherwise}`, { cause: error })
  })
  const text = await response.text()
  if (!response.ok) throw new CommandError(`${url} gives no token (HTTP ${response.status}). ${otherwise}`)
  return text
}
