import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEvery } from './cleanup.ts'

const folders = [
  '/usr/lib/x86_64-linux-gnu/faketime',
  '/usr/lib/aarch64-linux-gnu/faketime',
  '/usr/lib/faketime',
  '/usr/lib64/faketime',
]

const libcs = ['/lib/x86_64-linux-gnu/libc.so.6', '/lib/aarch64-linux-gnu/libc.so.6', '/lib64/libc.so.6']

const used = new Set<string>()
afterEvery('file', () => {
  for (const folder of used) rmSync(folder, { recursive: true, force: true })
  used.clear()
})

/** The system clock of one child process, which can be set while it runs. Its monotonic clock stays right. */
export class FakedClock {
  readonly #file: string
  readonly #library: string

  /** @throws Error that says what to install */
  constructor() {
    const library = folders.map((folder) => join(folder, 'libfaketime.so.1')).find((path) => existsSync(path))
    if (!library) throw new Error('The tests need libfaketime. Install it: sudo apt-get install faketime')
    this.#library = library
    const folder = mkdtempSync(join(tmpdir(), 'signalbox-clock-'))
    used.add(folder)
    this.#file = join(folder, 'offset')
    this.set(0)
  }

  /** Environment variables for the process. */
  get env(): { [name: string]: string } {
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1', // the name in older versions
    }
  }

  /**
   * The same for redis-server. Debian links it with jemalloc, which reads the time before libfaketime is initialised. Therefore
   * glibc's malloc is loaded instead.
   */
  get redisEnv(): { [name: string]: string } {
    const libc = libcs.find((path) => existsSync(path)) ?? ''
    return { ...this.env, LD_PRELOAD: `${this.#library}:${libc}` }
  }

  /** Sets the clock. @param offset seconds ahead of the machine's clock; negative if behind it */
  set(offset: number): void {
    const next = `${this.#file}.next`
    writeFileSync(next, `${offset < 0 ? '' : '+'}${offset}s\n`)
    renameSync(next, this.#file) // in one step: a process that reads half of the file would have a wrong offset
  }
}
