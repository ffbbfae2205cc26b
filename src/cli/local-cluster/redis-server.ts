import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import type { Readable } from 'node:stream'
import { CommandError } from '../command.ts'
import { endOf } from './child-process.ts'

/** A `redis-server` for a cluster that was given none: on the loopback interface, keeping nothing. */
export type PrivateRedis = {
  url: string
  pid: number
  /** Resolves when it is gone, asked to or not. */
  ended: Promise<unknown>
  stop: () => Promise<void>
  kill: () => void
}

/** @throws CommandError when there is no `redis-server`, or none that is new enough, or it does not start */
export async function startPrivateRedis(): Promise<PrivateRedis> {
  requireRedis()
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    const child = spawnRedis(port)
    const failure = await failureOf(child)
    if (failure === undefined) {
      const { ended, stop, kill } = endOf(child)
      return { url: `redis://127.0.0.1:${port}`, pid: child.pid ?? 0, ended, kill, stop: () => stop('SIGTERM', 3000) }
    }
    // somebody else may have taken the port in between
    if (attempt === 3) throw new CommandError(`redis-server does not start: ${failure}`)
  }
}

function requireRedis(): void {
  const { stdout } = spawnSync('redis-server', ['--version'], { encoding: 'utf8' })
  const [, major, rest] = /v=(\d+)\.(\S+)/.exec(stdout ?? '') ?? []
  if (Number(major) >= 7) return
  const install = process.platform === 'darwin' ? 'brew install redis' : 'sudo apt-get install redis-server'
  const found = major === undefined ? 'there is none' : `this is ${major}.${rest}`
  throw new CommandError(
    `Without REDIS_URL the cluster starts a redis-server of its own, 7 or newer, and ${found}. Install it: ${install}`,
  )
}

/**
 * The shell becomes redis-server, so their process id is the same; what it leaves behind waits for this process to end,
 * however that happens, and then ends Redis. A group of its own keeps the terminal's Ctrl-C away: the nodes go first.
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

/** What it last said when it ended; undefined once it takes connections. */
async function failureOf(child: ChildProcess): Promise<string | undefined> {
  let said = ''
  const output = child.stdout as Readable
  const ready = new Promise<undefined>((resolve) => {
    output.on('data', (text: Buffer) => {
      said = `${said}${text}`.slice(-2000)
      if (said.includes('Ready to accept connections')) resolve(undefined)
    })
  })
  const ended = once(child, 'exit').then(() => said.trim().split('\n').at(-1) ?? '')
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
