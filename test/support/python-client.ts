import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pythonWithSocketIo } from '../../scripts/programs.mjs'
import { afterEvery } from './cleanup.ts'
import { loginInfo } from './client.ts'

const program = fileURLToPath(new URL('./python-client.py', import.meta.url))

export type PythonOptions = { kind: 'sync' | 'asyncio'; url: string; transports: string[]; room: string }
type Line = { event: string; sid?: string; transport?: string; number?: number; message?: string; complete?: boolean }

const running = new Set<ChildProcess>()
afterEvery('test', () => {
  for (const child of running) child.kill('SIGKILL')
  running.clear()
})

/** A process with python-socketio that logs in, and resumes whenever its library reconnects. It is killed after the test. */
export class PythonClient {
  readonly #lines: Line[] = []
  #errors = ''
  readonly #child: ChildProcess

  constructor({ kind, url, transports, room }: PythonOptions) {
    const login = JSON.stringify(loginInfo({ room, user: 'python' }))
    const child = spawn(pythonWithSocketIo(), [program, kind, url, transports.join(), login], {
      env: { PATH: process.env.PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    running.add(child)
    createInterface({ input: child.stdout }).on('line', (line) => this.#lines.push(JSON.parse(line)))
    child.stderr.on('data', (text) => {
      this.#errors += text
    })
  }

  /** Logins and relogins that were accepted. */
  get entries(): Line[] {
    return this.#lines.filter(({ event }) => event === 'entered')
  }

  /** The name of the node of its last login or relogin: ids begin with it. */
  get nodeName(): string | undefined {
    return this.entries.at(-1)?.sid?.split('.')[0]
  }

  /** The numbers that it received, in the order in which its handlers, each in its own thread, printed them. */
  get received(): number[] {
    return this.#lines.flatMap(({ event, number = 0 }) => (event === 'text' ? number : []))
  }

  /** For the message of a failed test. */
  get output(): string {
    const rest = this.#lines.filter(({ event }) => event !== 'text')
    return `${JSON.stringify(rest)}\n${this.#errors}\n${this.#child.exitCode ?? 'runs'}`
  }
}
