import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEvery } from './cleanup.ts'
import { until } from './until.ts'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** An executable and its first arguments. */
export type Program = readonly [string, ...string[]]

/** The built command, `signalbox`. */
export const signalbox: Program = [process.execPath, file('../../dist/cli/main.js')]

/** A TypeScript file of the project, named from its root. */
export const typescript = (path: string): Program => [
  process.execPath,
  '--import',
  import.meta.resolve('tsx'),
  file(`../../${path}`),
]

/** A JavaScript file of the project, named from its root. */
export const javascript = (path: string): Program => [process.execPath, file(`../../${path}`)]

type Environment = { [option: string]: string | number }

export type Output = { code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }

/** A running program. It is killed after the test. */
export type Running = {
  pid: number
  child: ChildProcess
  signal: (signal: NodeJS.Signals) => void
  /** Resolves to the first line on stdout that matches, also an earlier one. @throws Error when the program ends without it */
  line: (pattern: RegExp) => Promise<RegExpExecArray>
  exited: Promise<Output>
}

const running = new Set<Running>()
afterEvery('test', async () => {
  const programs = [...running]
  for (const { signal } of programs) signal('SIGKILL')
  await Promise.all(programs.map(({ exited }) => exited))
})

/** Starts a program that gets PATH and `env` as its environment. @param channel whether it gets an IPC channel */
export function start(
  [executable, ...first]: Program,
  args: string[] = [],
  env: Environment = {},
  channel = false,
): Running {
  const strings = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, String(value)]))
  const child = spawn(executable, [...first, ...args], {
    env: { PATH: process.env.PATH, ...strings },
    stdio: ['ignore', 'pipe', 'pipe', channel ? 'ipc' : 'ignore'],
  })
  if (!child.stdout || !child.stderr) throw new Error('No pipes')
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (text) => (output.stdout += text))
  child.stderr.on('data', (text) => (output.stderr += text))
  // not `close`, which is not emitted after this side has closed the channel
  const ends = [once(child, 'exit'), once(child.stdout, 'close'), once(child.stderr, 'close')] as const
  const exited = Promise.all(ends).then(([[code, signal]]): Output => ({ code, signal, ...output }))
  const program: Running = {
    pid: child.pid ?? 0,
    child,
    signal: (signal) => void child.kill(signal),
    line: lineFinder(child, exited),
    exited: exited.finally(() => running.delete(program)),
  }
  running.add(program)
  return program
}

/** Runs a program to its end. */
export async function run(program: Program, args: string[] = [], env: Environment = {}): Promise<Output> {
  return start(program, args, env).exited
}

function lineFinder({ stdout }: ChildProcess, exited: Promise<Output>): Running['line'] {
  const lines: string[] = []
  const checks = new Set<(line: string) => void>()
  if (stdout) {
    createInterface({ input: stdout }).on('line', (line) => {
      lines.push(line)
      for (const check of checks) check(line)
    })
  }
  return async (pattern) => {
    const found = new Promise<RegExpExecArray>((resolve) => {
      const check = (line: string) => {
        const match = pattern.exec(line)
        if (match) resolve(match)
      }
      lines.forEach(check)
      checks.add(check)
    })
    const ended = exited.then((output): never => {
      throw new Error(`The program ended without a line that matches ${pattern}: ${JSON.stringify(output)}`)
    })
    return Promise.race([found, ended])
  }
}

/** Resolves when none of the processes exists. It polls, because only their parent is notified of their end. */
export async function exited(pids: number[]): Promise<void> {
  await until(async () => !pids.some(isRunning))
}

export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
