import { type ArtilleryOptions, type ArtilleryProcess, type Check, checksIn, startArtillery } from './artillery.ts'
import type { WorkerMessage } from './control-channel.ts'
import { type ControlServer, startControlServer } from './control-channel.ts'
import { progressLine } from './progress.ts'
import { Recorder, type Row, type Totals } from './recorder.ts'
import type { Usage, UsageReader } from './usage.ts'
import { UsageError } from './usage-error.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** An event of the run, `at` s after its start. `hard`: a fault that the run caused on purpose. */
export type Mark = { at: number; label: string; hard: boolean }

/** Everything that a report shows. */
export type Outcome = {
  rows: Row[]
  usage: Usage[]
  totals: Totals
  marks: Mark[]
  checks: Check[]
  verdict: Verdict
  stopped: boolean
  seconds: number
}

export type RunOptions = Omit<ArtilleryOptions, 'controlPath'> & {
  usageReader?: UsageReader
  /** Kills a node and returns its name. Unset: the run may not kill nodes. */
  killNode?: () => string
  print: (line: string) => void
}

/** How often a worker sends a sample, and how many samples there are between two lines of progress. */
const sampleIntervalSeconds = 1
const progressEverySamples = 3
/** How long the last users may take to receive pending messages, and artillery to exit. */
const finishTimeoutSeconds = 45
const startTimeoutSeconds = 60
/** The last storm is this long before the end, so that all users can resume. */
const lastStormBeforeEndSeconds = 6

/** One run of a scenario, from artillery's start to its exit. */
export class Run {
  readonly #options: RunOptions
  readonly #recorder = new Recorder()
  readonly #marks: Mark[] = []
  readonly #timers: NodeJS.Timeout[] = []
  #controlServer: ControlServer | undefined
  #artillery: ArtilleryProcess | undefined
  #startedAt: number | undefined
  #lastTickSeconds = 0
  #fatal: string | undefined
  #finishing = false
  #stopped = false
  #over = false

  constructor(options: RunOptions) {
    this.#options = options
  }

  /** The first call ends the run in order, with a report; the second kills artillery. */
  stop(): void {
    if (this.#stopped) {
      this.#artillery?.stop('SIGKILL')
      return
    }
    this.#stopped = true
    this.#options.print('Stopping after the users have left. Press Ctrl-C again to stop at once.')
    this.#finish()
  }

  /** @throws UsageError when artillery does not start or fails */
  async go(): Promise<Outcome> {
    const controlServer = await startControlServer((message, worker) => this.#onMessage(message, worker))
    this.#controlServer = controlServer
    try {
      this.#artillery = startArtillery({ ...this.#options, controlPath: controlServer.path })
      this.#schedule(
        startTimeoutSeconds,
        () => this.#startedAt === undefined && this.#abort(`artillery did not start within ${startTimeoutSeconds} s`),
      )
      const code = await this.#artillery.ended
      return this.#outcome(code, this.#artillery)
    } finally {
      this.#over = true
      for (const timer of this.#timers) clearTimeout(timer)
      controlServer.close()
    }
  }

  get #seconds(): number {
    return this.#startedAt === undefined ? 0 : (performance.now() - this.#startedAt) / 1000
  }

  #onMessage(message: WorkerMessage, worker: number): void {
    if ('hello' in message && this.#startedAt === undefined) this.#begin()
    if ('fatal' in message) this.#abort(message.fatal)
    if (!('sample' in message)) return
    this.#recorder.take(message.sample, worker)
    // one row per sample of the first worker: a timer here would make rows with no sample and with two
    if (worker === 0 && this.#seconds - this.#lastTickSeconds > sampleIntervalSeconds / 2) this.#tick()
    if (this.#stopped && message.sample.state.users === 0) this.#artillery?.stop('SIGTERM')
  }

  #begin(): void {
    const { options, usageReader } = this.#options
    this.#startedAt = performance.now()
    void usageReader?.read(0)
    const { everySeconds } = options.scenario.storms ?? {}
    if (everySeconds) this.#planStorms(Math.min(everySeconds, (options.duration - options.ramp) / 3))
    this.#schedule(options.duration, () => this.#finish())
  }

  #planStorms(intervalSeconds: number): void {
    const { duration, ramp } = this.#options.options
    const storms: number[] = []
    for (
      let at = ramp + intervalSeconds / 2;
      at <= Math.max(duration - lastStormBeforeEndSeconds, ramp + intervalSeconds / 2);
      at += intervalSeconds
    )
      storms.push(at)
    for (const [index, at] of storms.entries()) {
      this.#schedule(at, () => this.#storm(index === storms.length - 1))
    }
  }

  #storm(last: boolean): void {
    if (this.#finishing) return
    const { killNode, print } = this.#options
    const killed = last && killNode ? killNode() : undefined
    this.#controlServer?.send('cut')
    const label = killed ? `all connections cut, node ${killed} killed` : 'all connections cut'
    this.#marks.push({ at: this.#seconds, label, hard: true })
    print(`${this.#seconds.toFixed(0).padStart(5)} s  ${label}`)
  }

  #finish(): void {
    if (this.#finishing) return
    this.#finishing = true
    this.#marks.push({ at: this.#seconds, label: this.#stopped ? 'stopped' : 'users leave', hard: false })
    this.#controlServer?.send('finish')
    this.#schedule(this.#seconds + finishTimeoutSeconds, () => this.#artillery?.stop('SIGKILL'))
    if (this.#startedAt === undefined) this.#artillery?.stop('SIGKILL')
  }

  #abort(reason: string): void {
    this.#fatal ??= reason
    this.#artillery?.stop('SIGKILL')
  }

  #tick(): void {
    const { print, usageReader } = this.#options
    this.#lastTickSeconds = this.#seconds
    const row = this.#recorder.tick(this.#lastTickSeconds)
    const samples = this.#recorder.rows.length
    if (samples % progressEverySamples === 0) print(progressLine(row, this.#recorder.counts))
    if (samples % 2 === 0) void usageReader?.read(row.at)
  }

  /** @param at s since the start of the run */
  #schedule(at: number, call: () => void): void {
    const delayMs = Math.max(0, at - this.#seconds) * 1000
    this.#timers.push(setTimeout(() => this.#over || call(), delayMs))
  }

  #outcome(code: number, { output }: ArtilleryProcess): Outcome {
    const tail = () => output().trim().split('\n').slice(-15).join('\n')
    if (this.#fatal) throw new UsageError(`${this.#fatal}\n${tail()}`)
    if (this.#startedAt === undefined && !this.#stopped)
      throw new UsageError(`artillery exited with code ${code}:\n${tail()}`)
    const seconds = this.#seconds
    this.#recorder.tick(seconds)
    const totals = this.#recorder.totals()
    const checks = this.#stopped ? [] : checksIn(output())
    const broken = !this.#stopped && code !== 0 && checks.every(({ ok }) => ok)
    if (broken) totals.incidents.push(`artillery exited with code ${code}: ${tail()}`)
    const verdict = verdictOf({ totals, checks, stopped: this.#stopped, broken })
    const { usageReader } = this.#options
    const { rows } = this.#recorder
    return {
      rows,
      usage: usageReader?.rows ?? [],
      totals,
      marks: this.#marks,
      checks,
      verdict,
      stopped: this.#stopped,
      seconds,
    }
  }
}
