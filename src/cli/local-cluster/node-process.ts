import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Environment } from '../../config/index.ts'
import { CommandError } from '../command.ts'
import { type ChildExit, describeExit, type Exit, endOf } from './child-process.ts'

/** One node of a cluster on this machine, in a process of its own. */
export type ClusterNode = ChildExit & {
  name: string
  pid: number
  url: string
  signal: (signal: NodeJS.Signals) => void
}

/** The process from its start, which may still fail. */
export type StartingNode = ChildExit & {
  /** @throws CommandError when it ends instead */
  up: Promise<ClusterNode>
}

/**
 * Starts `signalbox start` with an environment of its own; what it prints is passed on line by line.
 * The channel tells it when this process is gone, however that happened, and then it ends too. In a group of its own it
 * does not hear the terminal's Ctrl-C, which is for the cluster to pass on.
 */
export function startNode(
  name: string,
  [executable, ...args]: readonly [string, ...string[]],
  environment: Environment,
  say: (line: string) => void,
): StartingNode {
  const child = spawn(executable, [...args, 'start'], {
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  const ending = endOf(child)
  const signal = (signal: NodeJS.Signals) => {
    child.kill(signal)
  }
  const node = { ...ending, name, pid: child.pid ?? 0, signal }
  const up = new Promise<ClusterNode>((resolve, reject) => {
    eachLine(child.stdout, (line) => {
      say(`${name} | ${line}`)
      const [, url] = /^Signalbox is at (\S+)$/.exec(line) ?? []
      if (url) resolve({ ...node, url })
    })
    eachLine(child.stderr, (line) => say(`${name} | ${line}`))
    const gone = (exit: Exit) => reject(new CommandError(`Node ${name} did not start: ${describeExit(exit)}`))
    ending.ended.then(gone).catch(reject)
  })
  up.catch(() => {}) // it is asked for later, and may have failed by then
  return { ...ending, up }
}

function eachLine(input: Readable | null, take: (line: string) => void): void {
  if (input) createInterface({ input }).on('line', take)
}
