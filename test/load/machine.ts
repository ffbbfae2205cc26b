import { cpus, totalmem, type } from 'node:os'

/** What the figures of a run on this machine mean. */
export function describeMachine(): string {
  const [first] = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cpus().length} cores (${first?.model.trim() || 'unknown'}), ${memory}, ${type()}, Node ${process.versions.node}`
}
