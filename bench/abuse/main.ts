import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Attacker } from '../../test/support/abuse/attacker.ts'
import { startRedis } from '../servers.ts'
import { attackers } from './attackers.ts'
import { type Observation, observe } from './observation.ts'

/**
 * `npm run bench:abuse`: the effect of attackers with real connections on a node and on two bystanders who exchange
 * messages on it. Each attacker gets its own node and Redis. Options have their defaults except those in the attacker's
 * name, and the node's heap is limited to 512 MB. Prints the table of docs/security.md.
 * Usage: npm run bench:abuse -- [--dist folder of another build] [part of an attacker's name]
 */
const { values, positionals } = parseArgs({
  options: { dist: { type: 'string' } },
  allowPositionals: true,
})
const [nameFilter = ''] = positionals

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`
const ms = (time: number | undefined) =>
  time === undefined ? '–' : `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`
const seconds = (time: number) => `${(time / 1000).toFixed(0)} s`

function row({ name }: Attacker, { durationMs: took, memory, times, sent, refused, failure }: Observation): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => ms(sorted[Math.floor(sorted.length * share)])
  const reasons = Object.entries(refused).map(([reason, count]) => `\`${reason}\` ${count}`)
  const acks = `${at(0.5)}, ${at(0.99)}, ${ms(sorted.at(-1))}`
  const cells = [
    `${name}, in ${seconds(took)}`,
    `${megabytes(memory.before)}, ${megabytes(memory.highest)}, ${megabytes(memory.after)}`,
    failure ? `**${failure}**; before that ${sorted.length} of ${sent} acked: ${acks}` : acks,
    reasons.join(', ') || 'nothing',
  ]
  return `| ${cells.join(' | ')} |`
}

console.log(`${availableParallelism()} cores for the node, Redis, the attacker and the bystanders`)
console.log('| attack | memory before, at its highest, after | bystanders: p50, p99, longest | refused |')
console.log('| --- | --- | --- | --- |')
for (const attacker of attackers.filter(({ name }) => name.includes(nameFilter))) {
  const redis = await startRedis()
  try {
    console.log(row(attacker, await observe(attacker, redis, values.dist)))
  } finally {
    await redis.stop()
  }
}
process.exit() // attackers may have left connections to an ended node open
