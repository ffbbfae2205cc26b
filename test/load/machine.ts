import { cpus, totalmem, type } from 'node:os'

/** The hardware and Node version that the figures of a run depend on. */
export function describeMachine(): string {
  const [first] = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${cpus().length} cores (${first?.model.trim() || 'unknown'}), ${memory}, ${type()}, Node ${process.versions.node}`
}
