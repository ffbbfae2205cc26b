import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { controlPathVariable } from './control-channel.ts'
import type { LoadOptions } from './options.ts'
import type { TokenSourceName } from './tokens.ts'
import { UsageError } from './usage-error.ts'

const artilleryVersion = '2.0.34'
/** npm also fetches a `node`: artillery does not run on the oldest Node that Signalbox supports. */
const npxArgs = ['-p', 'node@24', '-p', `artillery@${artilleryVersion}`]
/** The oldest Node that artillery supports and that runs the engine's TypeScript without a build: major, minor. */
const oldestNode = [22, 18] as const
const maxOutputCharacters = 100_000

/** The path of artillery's program, and the Node that runs it. */
export type Artillery = { node: string; nodeVersion: string; program: string }

/**
 * Installs artillery and a Node for it from npm or its cache.
 * @throws UsageError
 */
export function installArtillery(): Artillery {
  const script = 'JSON.stringify({ node: process.execPath, version: process.version, path: process.env.PATH })'
  const { stdout, stderr, status, error } = spawnSync(
    'npx',
    ['-y', '--prefer-offline', ...npxArgs, 'node', '-p', script],
    {
      encoding: 'utf8',
    },
  )
  if (error || status !== 0) {
    const why = error?.message ?? stderr.trim().split('\n').slice(-3).join('\n')
    throw new UsageError(`npm could not install artillery ${artilleryVersion}: ${why}`)
  }
  const { node, version: nodeVersion, path } = JSON.parse(stdout) as { node: string; version: string; path: string }
  const [major = 0, minor = 0] = nodeVersion.slice(1).split('.').map(Number)
  if (major < oldestNode[0] || (major === oldestNode[0] && minor < oldestNode[1])) {
    throw new UsageError(
      `artillery needs Node ${oldestNode.join('.')} or newer, but npm's package "node" provides ${nodeVersion}. Install a newer Node.`,
    )
  }
  return { node, nodeVersion, program: programIn(path) }
}

function programIn(path: string): string {
  for (const folder of path.split(delimiter)) {
    try {
      return realpathSync(join(folder, 'artillery'))
    } catch {
      // not in this folder: try the next
    }
  }
  throw new UsageError(`npm installed artillery ${artilleryVersion}, but its program is not in the PATH`)
}

/** A running artillery. */
export type ArtilleryProcess = {
  /** Resolves to its exit code. */
  ended: Promise<number>
  /** The last of its output, stdout and stderr. */
  output(): string
  stop(signal: NodeJS.Signals): void
}

export type ArtilleryOptions = {
  artillery: Artillery
  options: LoadOptions
  targets: readonly string[]
  tokens: TokenSourceName
  controlPath: string
  secret: string | undefined
}

export function startArtillery({
  artillery,
  options,
  targets,
  tokens,
  controlPath,
  secret,
}: ArtilleryOptions): ArtilleryProcess {
  const { scenario, duration, ramp, users, rate } = options
  const common = join(import.meta.dirname, 'artillery.yml')
  const args = ['run', '--quiet', '--target', targets.join(','), '--config', common, scenario.path]
  const variables = {
    LOAD_USERS: users,
    LOAD_RAMP: ramp,
    LOAD_RATE: rate,
    LOAD_DURATION: duration,
    LOAD_TOKENS: tokens,
  }
  const child = spawn(artillery.node, [artillery.program, ...args], {
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, String(value)])),
      ...(secret === undefined ? {} : { SIGNALBOX_SECRET: secret }),
      [controlPathVariable]: controlPath,
      ARTILLERY_DISABLE_TELEMETRY: 'true',
      NODE_PATH: join(import.meta.dirname, 'engines'),
      NODE_NO_WARNINGS: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // Ctrl-C reaches only the command, which then ends the run in order
  })
  return watch(child)
}

function watch(child: ChildProcess): ArtilleryProcess {
  let output = ''
  const append = (text: Buffer) => {
    output = `${output}${text}`.slice(-maxOutputCharacters)
  }
  child.stdout?.on('data', append)
  child.stderr?.on('data', append)
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = once(child, 'close').then(([code]) => {
    process.off('exit', kill)
    return typeof code === 'number' ? code : 1
  })
  return { ended, output: () => output, stop: (signal) => child.kill(signal) }
}

export type Check = { threshold: string; ok: boolean }

/** The results that artillery's `ensure` plugin printed for the thresholds. */
export function checksIn(output: string): Check[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with ESC
  const plain = output.replace(/\u001b\[[\d;]*m/g, '')
  return [...plain.matchAll(/^(ok|fail): (.+)$/gm)].map(([, word, threshold = '']) => ({
    threshold,
    ok: word === 'ok',
  }))
}
