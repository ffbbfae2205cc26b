/** What a client needs to connect to a node and log in. */
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
   * Pauses the process of the node's Redis, with its connections open, while `act` runs. The bystanders send nothing meanwhile,
   * because the node cannot serve them. How it serves them afterwards is measured.
   */
  whileRedisHangs(act: () => Promise<void>): Promise<void>
}

/** An attack of one kind and one size. Each file of this folder has a function that takes a size and returns one. */
export type Attacker<Result = unknown> = {
  /** What it sends, and how much: the first column of the table in docs/security.md. */
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

/** The reasons in `refused_total` and their counts, from the text of /metrics. */
export function refusalsIn(metrics: string): { [reason: string]: number } {
  const counts = metrics.matchAll(/^signalbox_refused_total{reason="(\w+)"} ([1-9]\d*)$/gm)
  return Object.fromEntries([...counts].map(([, reason = '', count]) => [reason, Number(count)]))
}
