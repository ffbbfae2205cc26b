import type { Waits } from './waits.ts'

/** The health that a node reported at one moment, `at` of `performance.now()`. */
export type Health = { at: number; redisUp: number; redisFailures: number; ready: number; reason: string }

type Node = { opsUrl: string }

const sampleIntervalMs = 200

/** Polls /metrics and /readyz of nodes. */
export class HealthLog {
  readonly #samples = new Map<Node, Health[]>()
  readonly #waits: Waits
  #stopped = false
  readonly #done: Promise<unknown>

  constructor(nodes: Node[], waits: Waits) {
    this.#waits = waits
    this.#done = Promise.all(nodes.map((node) => this.#poll(node)))
  }

  /** The samples of a node since a moment of `performance.now()`. */
  since(node: Node, at = 0): Health[] {
    return (this.#samples.get(node) ?? []).filter((sample) => sample.at >= at)
  }

  /** The changes of each node, for the message of a failed test. */
  summary(): string {
    const lines = [...this.#samples].map(([{ opsUrl }, samples]) => {
      const states = samples.map(({ at, redisUp, ready, reason }) => ({
        at,
        text: `up ${redisUp}, ${ready} ${reason}`,
      }))
      const changes = states.filter(({ text }, index) => text !== states[index - 1]?.text)
      return `${opsUrl}: ${changes.map(({ at, text }) => `${Math.round(at)} ms: ${text}`).join('; ')}`
    })
    return lines.join('\n')
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
  }

  async #poll(node: Node): Promise<void> {
    const samples: Health[] = []
    this.#samples.set(node, samples)
    while (!this.#stopped) {
      const at = performance.now()
      const answered = this.#waits.begin(`/readyz of ${node.opsUrl}`)
      const ready = await fetch(`${node.opsUrl}/readyz`).catch(() => undefined)
      const body = (await ready?.json().catch(() => undefined)) as { reason?: string } | undefined
      answered()
      const metrics = await fetch(`${node.opsUrl}/metrics`).then(
        (response) => response.text(),
        () => '',
      )
      samples.push({
        at,
        redisUp: Number(/^signalbox_redis_up (\d)/m.exec(metrics)?.[1] ?? Number.NaN),
        redisFailures: sumOf(metrics, 'signalbox_redis_failures_total'),
        ready: ready?.status ?? 0,
        reason: body?.reason ?? '',
      })
      await new Promise((resolve) => setTimeout(resolve, sampleIntervalMs))
    }
  }
}

function sumOf(metrics: string, name: string): number {
  const values = metrics.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'))
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0)
}
