import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'
import { CommandError } from '../command.ts'
import { childExitOf } from './child-process.ts'

/** A `redis-server` for a cluster without REDIS_URL: on the loopback interface, without persistence. */
export type PrivateRedis = {
  url: string
  pid: number
  /** Resolves when the process has ended, for any reason. */
  ended: Promise<unknown>
  stop: () => Promise<void>
  kill: () => void
}

const maxAttempts = 3
const stopTimeoutMs = 3000

/** @throws CommandError if `redis-server` is missing, is older than 7, or does not start */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  requireRedis()
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    const child = spawnRedis(port)
    const failure = await failureOf(child)
    if (failure === undefined) {
      const { ended, stop, kill } = childExitOf(child)
      return {
        url: `redis://127.0.0.1:${port}`,
        pid: child.pid ?? 0,
        ended,
        kill,
        stop: () => stop('SIGTERM', stopTimeoutMs),
      }
    }
    // another program may have taken the free port in the meantime
    if (attempt === maxAttempts) throw new CommandError(`redis-server does not start: ${failure}`)
  }
}

function requireRedis(): void {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  const [, major, rest] = /v=(\d+)\.(\S+)/.exec(stdout ?? '') ?? []
  if (Number(major) >= 7) return
  const install = process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server'
  const found = major === undefined ? 'found none' : `found ${major}.${rest}`
  throw new CommandError(
    `Without REDIS_URL the cluster starts its own redis-server, which must be version 7 or newer, and ${found}. Install it: ${install}`,
  )
}

/**
 * The shell starts a background process and then becomes redis-server with `exec`, so both have the same process id. The background
 * process reads a pipe from this process. When this process ends for any reason, the pipe closes, and the background process kills
 * Redis. Redis is in its own process group, because a Ctrl-C of the terminal goes to a whole group and the nodes must end first.
 */
function spawnRedis(port: number): ChildProcess {
  const script = '{ cat <&3; kill "$$"; } >/dev/null 2>&1 & exec redis-server "$@" 3<&-'
  const settings = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', tmpdir(), '--save', '', '--appendonly', 'no']
  const child = spawn('sh', ['-c', script, 'sh', ...settings], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    detached: true,
  })
  child.once('exit', () => child.stdio[3]?.destroy())
  return child
}

/** The last line that the process printed before it ended; undefined if it accepts connections. */
async function failureOf(child: ChildProcess): Promise<string | undefined> {
  let printed = ''
  const output = child.stdout as Readable
  const ready = new Promise<undefined>((resolve) => {
    output.on('data', (text: Buffer) => {
      printed = `${printed}${text}`.slice(-2000)
      if (printed.includes('Ready to accept connections')) resolve(undefined)
    })
  })
  const ended = once(child, 'exit').then(() => printed.trim().split('\n').at(-1) ?? '')
  return Promise.race([ready, ended])
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
