import type { ChildProcess } from 'node:child_process'

export type Exit = { code: number | null; signal: NodeJS.Signals | null }

export type ChildExit = {
  /** Resolves when the process has ended, and also when it could not be started. */
  ended: Promise<Exit>
  kill: () => void
  /** Sends the signal, and SIGKILL if the process has not ended `ms` later. */
  stop: (signal: NodeJS.Signals, ms: number) => Promise<void>
}

export function childExitOf(child: ChildProcess): ChildExit {
  const ended = new Promise<Exit>((resolve) => {
    const { exitCode: code, signalCode: signal } = child
    if (code !== null || signal !== null) resolve({ code, signal })
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.on('error', () => child.pid === undefined && resolve({ code: null, signal: null }))
  })
  const kill = () => {
    child.kill('SIGKILL')
  }
  const stop = async (signal: NodeJS.Signals, ms: number) => {
    child.kill(signal)
    const timer = setTimeout(kill, ms)
    await ended
    clearTimeout(timer)
  }
  return { ended, kill, stop }
}

export function describeExit({ code, signal }: Exit): string {
  return signal ?? (code === null ? 'could not be started' : `exit code ${code}`)
}
