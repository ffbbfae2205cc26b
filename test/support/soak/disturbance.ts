import type { FakedClock } from '../faked-clock.ts'
import type { OutageCluster } from '../outage-cluster.ts'
import type { Random } from '../random.ts'
import type { Address } from '../resilient-client.ts'
import type { Traffic } from '../traffic.ts'

/** Where a soak takes place. */
export type Stage = {
  cluster: OutageCluster
  /** Of the servers that keep data; undefined where it is that of the machine. */
  redisClock: FakedClock | undefined
  /** The addresses of the nodes, whether they live or not. */
  nodes: readonly Address[]
  traffic: Traffic
  random: Random
  /** The longest that Redis or a node may be away: clients come back within their window. */
  maxOutageMs: number
  /** What went wrong beside the ledger of the traffic, each as a sentence. */
  mistakes: string[]
}

/** Something that happens to the cluster or to its clients. */
export type Disturbance = {
  name: string
  /** Resolves when it is over. */
  happen(stage: Stage): Promise<void>
}
