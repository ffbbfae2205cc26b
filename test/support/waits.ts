import { expect } from 'vitest'
import { afterEvery } from './cleanup.ts'

/** How often the delay of this process's timers is sampled. */
const sampleIntervalMs = 10

const samplers = new Set<NodeJS.Timeout>()
afterEvery('test', () => {
  for (const sampler of samplers) clearInterval(sampler)
  samplers.clear()
})

/**
 * How long requests waited for their answers, minus the time for which this process was not running: on a busy machine
 * it reads an answer late that had arrived in time.
 */
export class Waits {
  readonly #answered: Wait[] = []
  readonly #open = new Map<symbol, { what: string; since: Mark }>()
  #stalled = 0

  constructor() {
    let last = performance.now()
    const sampler = setInterval(() => {
      const now = performance.now()
      this.#stalled += Math.max(0, now - last - sampleIntervalMs)
      last = now
    }, sampleIntervalMs)
    samplers.add(sampler)
  }

  /** Records a request. @returns a function to call at its answer or when its connection is lost */
  begin(what: string): () => void {
    const key = Symbol(what)
    this.#open.set(key, { what, since: this.#mark() })
    return () => {
      const request = this.#open.get(key)
      if (!request) return
      this.#open.delete(key)
      this.#answered.push(this.#measure(request))
    }
  }

  /** Fails softly when a request waited longer, answered or not. */
  verify(limitMs: number): void {
    const open = [...this.#open.values()].map(({ what, since }) =>
      this.#measure({ what: `${what}, not answered`, since }),
    )
    const late = [...this.#answered, ...open].filter(({ ms }) => ms > limitMs)
    const some = byLength(late).slice(0, 5).map(describe)
    expect.soft(some, `${late.length} of ${this.#answered.length} waited longer than ${limitMs} ms`).toEqual([])
  }

  get longest(): string {
    const [first] = byLength(this.#answered)
    return first ? describe(first) : 'no request'
  }

  #mark(): Mark {
    return { at: performance.now(), stalled: this.#stalled }
  }

  #measure({ what, since }: { what: string; since: Mark }): Wait {
    const now = this.#mark()
    return { what, ms: now.at - since.at - (now.stalled - since.stalled) }
  }
}

type Wait = { what: string; ms: number }
const byLength = (waits: Wait[]) => waits.toSorted((a, b) => b.ms - a.ms)
const describe = ({ what, ms }: Wait) => `${what}: ${Math.round(ms)} ms`

type Mark = { at: number; stalled: number }
