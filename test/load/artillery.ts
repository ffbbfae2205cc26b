import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { lineVariable } from './control-channel.ts'
import type { LoadOptions } from './options.ts'
import type { TokenSourceName } from './tokens.ts'
import { Mistake } from './usage-error.ts'

const version = '2.0.34'
/** Brings a `node` of its own: artillery does not run on the oldest that Signalbox runs on. */
const packages = ['-p', 'node@24', '-p', `artillery@${version}`]
/** The oldest Node that artillery takes, and that reads the engine's TypeScript as it is. */
const oldest = [22, 18] as const

/** Where artillery is, and the Node that runs it. */
export type Artillery = { node: string; nodeVersion: string; program: string }

/**
 * Gets artillery and a Node for it from npm, or from npm's cache.
 * @throws Mistake
 */
export function getArtillery(): Artillery {
  const say = 'JSON.stringify({ node: process.execPath, version: process.version, path: process.env.PATH })'
  const { stdout, stderr, status, error } = spawnSync(
    'npx',
    ['-y', '--prefer-offline', ...packages, 'node', '-p', say],
    {
      encoding: 'utf8',
    },
  )
  if (error || status !== 0) {
    const why = error?.message ?? stderr.trim().split('\n').slice(-3).join('\n')
    throw new Mistake(`artillery ${version} could not be had from npm: ${why}`)
  }
  const { node, version: nodeVersion, path } = JSON.parse(stdout) as { node: string; version: string; path: string }
  const [major = 0, minor = 0] = nodeVersion.slice(1).split('.').map(Number)
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1])) {
    throw new Mistake(
      `artillery needs Node ${oldest.join('.')} or newer, and npm's package "node" gave ${nodeVersion}. Install a newer Node.`,
    )
  }
  return { node, nodeVersion, program: programIn(path) }
}

function programIn(path: string): string {
  for (const folder of path.split(delimiter)) {
    try {
      return realpathSync(join(folder, 'artillery'))
    } catch {
      // it is in another
    }
  }
  throw new Mistake(`artillery ${version} was installed, and its program cannot be found`)
}

/** artillery, running. */
export type Attack = {
  /** Resolves to its exit code. */
  ended: Promise<number>
  /** What it said. */
  output(): string
  stop(signal: NodeJS.Signals): void
}

export type AttackOptions = {
  artillery: Artillery
  options: LoadOptions
  targets: readonly string[]
  tokens: TokenSourceName
  line: string
  secret: string | undefined
}

export function attack({ artillery, options, targets, tokens, line, secret }: AttackOptions): Attack {
  const { scenario, duration, ramp, users, rate } = options
  const common = join(import.meta.dirname, 'artillery.yml')
  const args = ['run', '--quiet', '--target', targets.join(','), '--config', common, scenario.path]
  const given = { LOAD_USERS: users, LOAD_RAMP: ramp, LOAD_RATE: rate, LOAD_DURATION: duration, LOAD_TOKENS: tokens }
  const child = spawn(artillery.node, [artillery.program, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)])),
      ...(secret === undefined ? {} : { SIGNALBOX_SECRET: secret }),
      [lineVariable]: line,
      ARTILLERY_DISABLE_TELEMETRY: 'true',
      NODE_PATH: join(import.meta.dirname, 'engines'),
      NODE_NO_WARNINGS: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // a Ctrl-C is for the command, which ends the run in order
  })
  return follow(child)
}

function follow(child: ChildProcess): Attack {
  let said = ''
  const note = (text: Buffer) => {
    said = `${said}${text}`.slice(-100_000)
  }
  child.stdout?.on('data', note)
  child.stderr?.on('data', note)
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', kill)
    return typeof code === 'number' ? code : 1
  })
  return { ended, output: () => said, stop: (signal) => child.kill(signal) }
}

export type Check = { says: string; ok: boolean }

/** What `ensure` said of the thresholds. */
export function checksIn(output: string): Check[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are written with one
  const plain = output.replace(/\u001b\[[\d;]*m/g, '')
  return [...plain.matchAll(/^(ok|fail): (.+)$/gm)].map(([, word, says = '']) => ({ says, ok: word === 'ok' }))
}
