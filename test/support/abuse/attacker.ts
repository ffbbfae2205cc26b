/** What a client has to know of a node. */
export type Access = {
  url: string
  /** Signs login tokens that the node accepts. */
  secret: string
}

/** A node under attack. */
export type Target = Access & {
  /** The node's `refused_total`, by reason. */
  refusals(): Promise<{ [reason: string]: number }>
  /**
   * Stops the process of the node's Redis, with its connections open, while something is done. The bystanders are silent
   * meanwhile: the node cannot serve them, and what counts is how it serves them afterwards.
   */
  whileRedisHangs(act: () => Promise<void>): Promise<void>
}

/** One kind of abuse, at one size. A file of this folder makes one, and takes the size. */
export type Attacker<Result = unknown> = {
  /** What is sent and how much of it: the first column of the table in docs/security.md. */
  name: string
  /** The node's options that differ from their defaults. */
  env?: { [option: string]: string }
  /** The reasons of `refused_total` that the attack has to raise. */
  refusals: string[]
  /** Resolves when the attack is over, with every connection of the attacker closed. */
  start(target: Target): Promise<Result>
}

/** A number as the documents write it. */
export const spaced = (count: number): string => count.toLocaleString('en').replaceAll(',', ' ')

/** The reasons counted in `refused_total`, of what a node answers at /metrics. */
export function refusalsIn(metrics: string): { [reason: string]: number } {
  const counts = metrics.matchAll(/^signalbox_refused_total{reason="(\w+)"} ([1-9]\d*)$/gm)
  return Object.fromEntries([...counts].map(([, reason = '', count]) => [reason, Number(count)]))
}
