import { type ControlChannel, connectToCommand, controlPathVariable, type WorkerMessage } from '../control-channel.ts'
import { faultCounters, type Sample, type Timing, timings } from '../counters.ts'
import { Ledger } from '../ledger.ts'
import { type TokenSourceName, tokensOf } from '../tokens.ts'
import { readFlow } from './steps.ts'
import { UserPool } from './user-pool.ts'

/** What artillery passes to an engine. */
type Script = {
  config: { target: string; signalbox: { perSecond: number | string; lateMs: number; tokens: TokenSourceName } }
}
type Scenario = { flow: { [verb: string]: unknown }[] }
type Events = { emit(event: string, ...args: unknown[]): unknown }
type Context = object
type Done = (error: unknown, context: Context) => void

/** `onCommandLost`: the command that started the run has exited. */
type Parts = { environment: NodeJS.ProcessEnv; onCommandLost: () => void }

const sampleIntervalMs = 1000

/**
 * An engine for artillery whose virtual users are clients of Signalbox's SDK. They ack and resume, which the stock
 * Socket.IO engine cannot do. Each worker has one engine; the command that started artillery sends `cut` and `finish`.
 */
export class Engine {
  readonly #pool: UserPool
  readonly #ledger: Ledger
  readonly #deps: Parts
  #events: Events | undefined
  #channel: ControlChannel<WorkerMessage> | undefined
  #running = 0

  constructor(script: Script, _events?: unknown, _tools?: unknown, parts: Partial<Parts> = {}) {
    const { target, signalbox } = script.config
    const urls = target.split(',').map((url) => url.trim())
    this.#deps = { environment: process.env, onCommandLost: () => process.kill(process.pid, 'SIGTERM'), ...parts }
    this.#ledger = new Ledger({
      now: () => performance.now(),
      lateMs: signalbox.lateMs,
      onCount: (counter, by) => this.#events?.emit('counter', `signalbox.${counter}`, by),
      onTime: (timing, ms) => this.#events?.emit('histogram', `signalbox.${timing}`, ms),
    })
    const tokens = tokensOf(signalbox.tokens, urls[0] ?? '', this.#deps.environment.SIGNALBOX_SECRET)
    this.#pool = new UserPool({ urls, tokens, ledger: this.#ledger, perSecond: Number(signalbox.perSecond) })
  }

  /** artillery calls this before the first scenario runs. */
  async init(): Promise<void> {
    const { environment, onCommandLost } = this.#deps
    const path = environment[controlPathVariable]
    if (!path) throw new Error(`${controlPathVariable} is not set: start this engine with "npm run load"`)
    const commands = { cut: () => this.#pool.cut(), finish: () => this.#pool.finish() }
    const timer = setInterval(() => this.#sendSample(), sampleIntervalMs).unref()
    const lost = () => {
      clearInterval(timer)
      onCommandLost()
    }
    this.#channel = await connectToCommand(path, (command) => commands[command](), lost)
    this.#channel.send({ hello: { node: process.version } })
  }

  createScenario(scenario: Scenario, events: Events) {
    const run = this.#flowOf(scenario)
    this.#events = events
    return (context: Context, done: Done): void => {
      events.emit('started')
      // `ensure` fails on a threshold whose counter does not exist
      if (this.#running === 0)
        for (const counter of [...faultCounters, 'late']) events.emit('counter', `signalbox.${counter}`, 0)
      this.#running += 1
      void this.#run(run, events).then((error) => {
        this.#running -= 1
        if (this.#running === 0) this.#sendSample()
        done(error, context)
      })
    }
  }

  #flowOf({ flow }: Scenario): (pool: UserPool) => Promise<void> {
    try {
      return readFlow(flow)
    } catch (error) {
      this.#channel?.send({ fatal: error instanceof Error ? error.message : String(error) })
      throw error
    }
  }

  /** Resolves to the error with which the user stopped, if any. */
  async #run(run: (pool: UserPool) => Promise<void>, events: Events): Promise<unknown> {
    if (this.#pool.finishing) return undefined
    try {
      await run(this.#pool)
      return undefined
    } catch (error) {
      const { code = 'internal' } = error as { code?: string }
      events.emit('error', code)
      this.#ledger.incident(`A virtual user stopped: ${error instanceof Error ? error.message : error}`)
      return error
    }
  }

  #sendSample(): void {
    const { counts, incidents } = this.#ledger
    const times = Object.fromEntries(timings.map((name) => [name, this.#ledger.times[name].take()])) as {
      [timing in Timing]: Sample['times'][Timing]
    }
    const { user, system } = process.cpuUsage()
    const cpu = (user + system) / 1e6
    const [state, undelivered] = [this.#ledger.state(), this.#ledger.undelivered()]
    this.#channel?.send({ sample: { counts, state, times, cpu, incidents, undelivered } })
  }
}
