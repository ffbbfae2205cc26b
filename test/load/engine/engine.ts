import { callHome, type Line, lineVariable, type Told } from '../control-channel.ts'
import { faults, type Sample, type Timing, timed } from '../counters.ts'
import { Ledger } from '../ledger.ts'
import { type TokenSourceName, tokensOf } from '../tokens.ts'
import { readFlow } from './steps.ts'
import { Crew } from './user-pool.ts'

/** What artillery gives an engine. */
type Script = {
  config: { target: string; signalbox: { perSecond: number | string; lateMs: number; tokens: TokenSourceName } }
}
type Scenario = { flow: { [verb: string]: unknown }[] }
type Events = { emit(event: string, ...args: unknown[]): unknown }
type Context = object
type Done = (error: unknown, context: Context) => void

/** `alone`: the command is gone, and there is nobody to run for. */
type Parts = { environment: NodeJS.ProcessEnv; alone: () => void }

/** How often the command is told how things stand, ms. */
const pace = 1000

/**
 * The engine for artillery: its virtual users are clients of Signalbox's SDK, which ack and reconnect where the stock
 * Socket.IO engine cannot. One in each worker; the command that started artillery says when to cut and when to finish.
 */
export class Engine {
  readonly #crew: Crew
  readonly #ledger: Ledger
  readonly #parts: Parts
  #events: Events | undefined
  #line: Line<Told> | undefined
  #running = 0

  constructor(script: Script, _events?: unknown, _tools?: unknown, parts: Partial<Parts> = {}) {
    const { target, signalbox } = script.config
    const urls = target.split(',').map((url) => url.trim())
    this.#parts = { environment: process.env, alone: () => process.kill(process.pid, 'SIGTERM'), ...parts }
    this.#ledger = new Ledger({
      now: () => performance.now(),
      lateMs: signalbox.lateMs,
      onCount: (counter, by) => this.#events?.emit('counter', `signalbox.${counter}`, by),
      onTime: (timing, ms) => this.#events?.emit('histogram', `signalbox.${timing}`, ms),
    })
    const tokens = tokensOf(signalbox.tokens, urls[0] ?? '', this.#parts.environment.SIGNALBOX_SECRET)
    this.#crew = new Crew({ urls, tokens, ledger: this.#ledger, perSecond: Number(signalbox.perSecond) })
  }

  /** Called by artillery before anything runs. */
  async init(): Promise<void> {
    const { environment, alone } = this.#parts
    const path = environment[lineVariable]
    if (!path) throw new Error('This engine is started by `npm run load`')
    const orders = { cut: () => this.#crew.cut(), finish: () => this.#crew.finish() }
    const timer = setInterval(() => this.#tell(), pace).unref()
    const lost = () => {
      clearInterval(timer)
      alone()
    }
    this.#line = await callHome(path, (order) => orders[order](), lost)
    this.#line.say({ hello: { node: process.version } })
  }

  createScenario(scenario: Scenario, events: Events) {
    const run = this.#read(scenario)
    this.#events = events
    return (context: Context, done: Done): void => {
      events.emit('started')
      // the thresholds of `ensure` need them to be there
      if (this.#running === 0)
        for (const counter of [...faults, 'late']) events.emit('counter', `signalbox.${counter}`, 0)
      this.#running += 1
      void this.#run(run, events).then((error) => {
        this.#running -= 1
        if (this.#running === 0) this.#tell()
        done(error, context)
      })
    }
  }

  #read({ flow }: Scenario): (crew: Crew) => Promise<void> {
    try {
      return readFlow(flow)
    } catch (error) {
      this.#line?.say({ fatal: error instanceof Error ? error.message : String(error) })
      throw error
    }
  }

  /** Resolves to what went wrong. */
  async #run(run: (crew: Crew) => Promise<void>, events: Events): Promise<unknown> {
    if (this.#crew.finishing) return undefined
    try {
      await run(this.#crew)
      return undefined
    } catch (error) {
      const { code = 'internal' } = error as { code?: string }
      events.emit('error', code)
      this.#ledger.incident(`A virtual user gave up: ${error instanceof Error ? error.message : error}`)
      return error
    }
  }

  #tell(): void {
    const { counts, incidents } = this.#ledger
    const times = Object.fromEntries(timed.map((name) => [name, this.#ledger.times[name].take()])) as {
      [timing in Timing]: Sample['times'][Timing]
    }
    const { user, system } = process.cpuUsage()
    const cpu = (user + system) / 1e6
    const [standing, unheard] = [this.#ledger.standing(), this.#ledger.unheard()]
    this.#line?.say({ sample: { counts, standing, times, cpu, incidents, unheard } })
  }
}
