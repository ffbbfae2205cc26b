import { type Attack, type AttackOptions, attack, type Check, checksIn } from './artillery.ts'
import type { Told } from './control-channel.ts'
import { openSwitchboard, type Switchboard } from './control-channel.ts'
import { progressLine } from './progress.ts'
import { Recorder, type Row, type Totals } from './recorder.ts'
import type { Gauges, Usage } from './usage.ts'
import { Mistake } from './usage-error.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/** Something that was done to the cluster or its clients, s since the run began. */
export type Mark = { at: number; says: string; hard: boolean }

/** All that a report tells. */
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

export type RunOptions = Omit<AttackOptions, 'line'> & {
  gauges?: Gauges
  /** Kills a node of the cluster, and says which. Unset: there is none to kill. */
  killNode?: () => string
  print: (line: string) => void
}

/** How often a worker tells, s, and every how many times the progress is told. */
const beat = 1
const pace = 3
/** How long the last users may take to hear what is under way, and artillery to end, s. */
const farewell = 45
/** How long artillery may take to start, s. */
const start = 60
/** No storm so shortly before the end, s: everyone should be back. */
const calm = 6

/** One run of a scenario, from artillery's start to its end. */
export class Run {
  readonly #options: RunOptions
  readonly #recorder = new Recorder()
  readonly #marks: Mark[] = []
  readonly #timers: NodeJS.Timeout[] = []
  #switchboard: Switchboard | undefined
  #attack: Attack | undefined
  #began: number | undefined
  #ticked = 0
  #fatal: string | undefined
  #finishing = false
  #stopped = false
  #over = false

  constructor(options: RunOptions) {
    this.#options = options
  }

  /** Asked once it ends in order, and with a report; asked again, at once. */
  stop(): void {
    if (this.#stopped) {
      this.#attack?.stop('SIGKILL')
      return
    }
    this.#stopped = true
    this.#options.print('Stopping: what is under way is finished first. Ctrl-C again ends it at once.')
    this.#finish()
  }

  /** @throws Mistake when artillery does not run */
  async go(): Promise<Outcome> {
    const switchboard = await openSwitchboard((told, worker) => this.#hear(told, worker))
    this.#switchboard = switchboard
    try {
      this.#attack = attack({ ...this.#options, line: switchboard.path })
      this.#later(start, () => this.#began === undefined && this.#give('artillery did not start in time'))
      const code = await this.#attack.ended
      return this.#outcome(code, this.#attack)
    } finally {
      this.#over = true
      for (const timer of this.#timers) clearTimeout(timer)
      switchboard.close()
    }
  }

  get #seconds(): number {
    return this.#began === undefined ? 0 : (performance.now() - this.#began) / 1000
  }

  #hear(told: Told, worker: number): void {
    if ('hello' in told && this.#began === undefined) this.#begin()
    if ('fatal' in told) this.#give(told.fatal)
    if (!('sample' in told)) return
    this.#recorder.take(told.sample, worker)
    // a row for each that the first worker tells: with a clock of its own there would be rows of none and of two
    if (worker === 0 && this.#seconds - this.#ticked > beat / 2) this.#tick()
    if (this.#stopped && told.sample.standing.users === 0) this.#attack?.stop('SIGTERM')
  }

  #begin(): void {
    const { options, gauges } = this.#options
    this.#began = performance.now()
    void gauges?.read(0)
    const { everySeconds } = options.scenario.storms ?? {}
    if (everySeconds) this.#planStorms(Math.min(everySeconds, (options.duration - options.ramp) / 3))
    this.#later(options.duration, () => this.#finish())
  }

  #planStorms(every: number): void {
    const { duration, ramp } = this.#options.options
    const storms: number[] = []
    for (let at = ramp + every / 2; at <= Math.max(duration - calm, ramp + every / 2); at += every) storms.push(at)
    for (const [index, at] of storms.entries()) {
      this.#later(at, () => this.#storm(index === storms.length - 1))
    }
  }

  #storm(last: boolean): void {
    if (this.#finishing) return
    const { killNode, print } = this.#options
    const killed = last && killNode ? killNode() : undefined
    this.#switchboard?.order('cut')
    const says = killed ? `everyone cut off, node ${killed} killed` : 'everyone cut off'
    this.#marks.push({ at: this.#seconds, says, hard: true })
    print(`${this.#seconds.toFixed(0).padStart(5)} s  ${says}`)
  }

  #finish(): void {
    if (this.#finishing) return
    this.#finishing = true
    this.#marks.push({ at: this.#seconds, says: this.#stopped ? 'stopped' : 'all leave', hard: false })
    this.#switchboard?.order('finish')
    this.#later(this.#seconds + farewell, () => this.#attack?.stop('SIGKILL'))
    if (this.#began === undefined) this.#attack?.stop('SIGKILL')
  }

  #give(up: string): void {
    this.#fatal ??= up
    this.#attack?.stop('SIGKILL')
  }

  #tick(): void {
    const { print, gauges } = this.#options
    this.#ticked = this.#seconds
    const row = this.#recorder.tick(this.#ticked)
    const beats = this.#recorder.rows.length
    if (beats % pace === 0) print(progressLine(row, this.#recorder.counts))
    if (beats % 2 === 0) void gauges?.read(row.at)
  }

  /** @param at since the run began, s */
  #later(at: number, call: () => void): void {
    const wait = Math.max(0, at - this.#seconds) * 1000
    this.#timers.push(setTimeout(() => this.#over || call(), wait))
  }

  #outcome(code: number, { output }: Attack): Outcome {
    const tail = () => output().trim().split('\n').slice(-15).join('\n')
    if (this.#fatal) throw new Mistake(`${this.#fatal}\n${tail()}`)
    if (this.#began === undefined && !this.#stopped) throw new Mistake(`artillery ended with code ${code}:\n${tail()}`)
    const seconds = this.#seconds
    this.#recorder.tick(seconds)
    const totals = this.#recorder.totals()
    const checks = this.#stopped ? [] : checksIn(output())
    const broken = !this.#stopped && code !== 0 && checks.every(({ ok }) => ok)
    if (broken) totals.incidents.push(`artillery ended with code ${code}: ${tail()}`)
    const verdict = verdictOf({ totals, checks, stopped: this.#stopped, broken })
    const { gauges } = this.#options
    const { rows } = this.#recorder
    return {
      rows,
      usage: gauges?.rows ?? [],
      totals,
      marks: this.#marks,
      checks,
      verdict,
      stopped: this.#stopped,
      seconds,
    }
  }
}
