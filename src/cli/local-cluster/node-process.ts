import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Environment } from '../../config/index.ts'
import { CommandError } from '../command.ts'
import { type ChildExit, childExitOf, describeExit, type Exit } from './child-process.ts'

/** A node of a local cluster, in its own process. */
export type ClusterNode = ChildExit & {
  name: string
  pid: number
  url: string
  signal: (signal: NodeJS.Signals) => void
}

/** A node that has started, or may still fail to. */
export type StartingNode = ChildExit & {
  /** Resolves when the node listens. @throws CommandError if the process ends before */
  up: Promise<ClusterNode>
}

/**
 * Runs `signalbox start` with this environment and prints its output line by line. The node ends when its IPC channel closes, and so
 * when this process ends for any reason. It is in its own process group, because a Ctrl-C of the terminal goes to a whole group and
 * `signalbox cluster` stops the nodes itself.
 */
export function startNode(
  name: string,
  [executable, ...args]: readonly [string, ...string[]],
  environment: Environment,
  print: (line: string) => void,
): StartingNode {
  const child = spawn(executable, [...args, 'start'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  const exit = childExitOf(child)
  const signal = (signal: NodeJS.Signals) => {
    child.kill(signal)
  }
  const node = { ...exit, name, pid: child.pid ?? 0, signal }
  const up = new Promise<ClusterNode>((resolve, reject) => {
    eachLine(child.stdout, (line) => {
      print(`${name} | ${line}`)
      const [, url] = /^Signalbox is at (\S+)$/.exec(line) ?? []
      if (url) resolve({ ...node, url })
    })
    eachLine(child.stderr, (line) => print(`${name} | ${line}`))
    const onEnd = (exit: Exit) => reject(new CommandError(`Node ${name} did not start: ${describeExit(exit)}`))
    exit.ended.then(onEnd).catch(reject)
  })
  up.catch(() => {}) // the caller awaits it later, and an unhandled rejection would end the process
  return { ...exit, up }
}

function eachLine(input: Readable | null, onLine: (line: string) => void): void {
  if (input) createInterface({ input }).on('line', onLine)
}
