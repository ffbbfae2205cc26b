import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { CommandName, LoadCommands } from './commands.ts'

export type LoadGenerator = LoadCommands & { stop: () => Promise<void> }

type Answer = { result?: unknown; failure?: string }

/** The longest time that a command may take, ms. */
const commandTimeoutMs = 600_000

/** Starts the load generator in a process of its own. */
export function startLoadGenerator(): LoadGenerator {
  const child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)))
  const exited = once(child, 'exit')
  const ended = exited.then((): never => {
    throw new Error('The load generator ended')
  })
  ended.catch(() => {})
  const command = (name: CommandName) => async (given: object) => {
    const answered = once(child, 'message') as Promise<[Answer]>
    child.send({ name, given }, () => {})
    // without an answer the process is of no use any more
    const timer = setTimeout(() => child.kill('SIGKILL'), commandTimeoutMs)
    const [{ result, failure }] = await Promise.race([answered, ended]).finally(() => clearTimeout(timer))
    if (failure !== undefined) throw new Error(failure)
    return result as never
  }
  return {
    connect: command('connect'),
    login: command('login'),
    enter: command('enter'),
    cut: command('cut'),
    resume: command('resume'),
    direct: command('direct'),
    broadcast: command('broadcast'),
    enterPolling: command('enterPolling'),
    exchangePolling: command('exchangePolling'),
    close: command('close'),
    cpu: command('cpu'),
    stop: async () => {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
