import type { FakedClock } from '../faked-clock.ts'
import type { OutageCluster } from '../outage-cluster.ts'
import type { Random } from '../random.ts'
import type { Address } from '../resilient-client.ts'
import type { Traffic } from '../traffic.ts'

/** What a disturbance acts on. */
export type Stage = {
  cluster: OutageCluster
  /** The clock of the Redis servers that keep data; undefined if it is the machine's. */
  redisClock: FakedClock | undefined
  /** The addresses of all nodes, running or not. */
  nodes: readonly Address[]
  traffic: Traffic
  random: Random
  /** The longest outage of Redis or of a node: short enough that clients resume within their window. */
  maxOutageMs: number
  /** The failures that the ledger of the traffic does not record, each as a sentence. */
  mistakes: string[]
}

/** Something that happens to the cluster or to its clients. */
export type Disturbance = {
  name: string
  /** Resolves when it is over. */
  run(stage: Stage): Promise<void>
}
