import { readConfig } from '../config.ts'
import { writeToken } from '../core/tokens.ts'
import { type Command, CommandError, readOptions, type Shell, UsageError } from './command.ts'

type Claims = { room: string; user: string; role: string }

export const token: Command = {
  usage: '--room R --user U [--role presenter] [--host localhost:8080] [--url http://localhost:8080]',
  does: 'a login token: signed with SIGNALBOX_SECRET, or else (and with --url) asked of a running node',
  async run(args, { environment, print }) {
    const option = { type: 'string' } as const
    const asked = readOptions(args, { room: option, user: option, role: option, host: option, url: option })
    const { room, user, role = 'presenter', host, url } = asked
    if (!room || !user || !role) throw new UsageError('token needs --room and --user')
    const claims = { room, user, role }
    const local = `localhost:${settings(environment).port}`
    if (environment.SIGNALBOX_SECRET && url === undefined) print(sign(claims, host ?? local, environment))
    else print(await ask(claims, url ?? `http://${local}`))
  },
}

/** Only what a token needs: what else is wrong with the environment is no reason to refuse one. */
function settings({ SIGNALBOX_SECRET, TOKEN_TTL, PORT }: Shell['environment']) {
  return readConfig({ SIGNALBOX_SECRET, TOKEN_TTL, PORT })
}

function sign(claims: Claims, host: string, environment: Shell['environment']): string {
  const { keys, tokenTtl } = settings(environment)
  return writeToken(keys, claims, { host, secure: false }, Date.now() + tokenTtl * 1000)
}

async function ask(claims: Claims, url: string): Promise<string> {
  if (!URL.canParse('/tokens/', url)) throw new UsageError(`--url: ${url} is no URL`)
  const otherwise = 'Set SIGNALBOX_SECRET to the key that the nodes share, or name a running node with --url.'
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(claims) }
  const response = await fetch(new URL('/tokens/', url), request).catch((error: unknown) => {
    throw new CommandError(`No node answers at ${url}. ${otherwise}`, { cause: error })
  })
  const text = await response.text()
  // in production a node gives no tokens to whoever asks
  if (!response.ok) throw new CommandError(`${url} gives no token (HTTP ${response.status}). ${otherwise}`)
  return text
}
