import { expect, test } from 'vitest'
import { defaultDutyIntervals } from '../../src/core/cluster/node-duties.ts'
import { startNode, type TestNode } from '../support/node.ts'
import { expectUnharmed, type NodeProcess, startProcess } from '../support/process.ts'
import { Random } from '../support/random.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import type { Address } from '../support/resilient-client.ts'
import { Traffic } from '../support/traffic.ts'

const window = 6
const soak = process.env.SIGNALBOX_SOAK === '1'
const cuts = Number(process.env.SIGNALBOX_SOAK_CUTS ?? (soak ? 5000 : 200))
/** After this many cuts a process is killed. */
const cutsPerKill = 50

/** A node in this process, so that its side of a connection can be closed, and two that can be killed. */
class Cluster {
  readonly nodes: Address[] = []
  readonly #prefix = randomPrefix()
  readonly #env = { RECONNECT_WINDOW: window }
  #local: TestNode | undefined
  #processes: NodeProcess[] = []

  async start(): Promise<void> {
    const redis = { prefix: this.#prefix }
    const local = await startNode({ redis, env: this.#env, parts: { intervals: defaultDutyIntervals } })
    this.#local = local
    this.nodes.push(local)
    await Promise.all([this.#add(), this.#add()])
  }

  /** Closes one connection of the node in this process; false if it has none. */
  closeOne(random: Random): boolean {
    const sockets = [...(this.#local?.app.io.sockets.sockets.values() ?? [])]
    if (sockets.length === 0) return false
    random.pick(sockets).conn.close()
    return true
  }

  /** Kills a process and starts another in its place. */
  async replaceOne(random: Random): Promise<void> {
    const victim = random.pick(this.#processes)
    this.#processes = this.#processes.filter((node) => node !== victim)
    this.nodes.splice(this.nodes.indexOf(victim), 1)
    victim.kill('SIGKILL')
    await this.#add()
  }

  unharmed(): Promise<void> {
    return expectUnharmed(this.#processes)
  }

  async #add(): Promise<void> {
    const node = await startProcess({ redisUrl: redisUrl(), prefix: this.#prefix, env: this.#env })
    this.#processes.push(node)
    this.nodes.push(node)
  }
}

async function cutOne(traffic: Traffic, cluster: Cluster): Promise<void> {
  const { random, ledger } = traffic
  const connected = () => traffic.present.filter(({ inRoom }) => inRoom)
  await ledger.until('a client is connected', () => connected().length > 0)
  const client = random.pick(connected())
  // the connection is lost before the acks of these arrive
  for (let message = 0; message < 3; message += 1) void traffic.sendOne(client)
  const kind = random.pick(['engine', 'tcp', 'server', 'move'] as const)
  if (kind === 'move') client.move()
  else if (kind !== 'server') client.cut(kind)
  else if (!cluster.closeOne(random)) client.cut()
}

test(`${cuts} random cuts over three nodes that stop and start lose and duplicate no message`, {
  timeout: 120_000 + cuts * 300,
}, async () => {
  const random = new Random()
  const cluster = new Cluster()
  await cluster.start()
  const traffic = await Traffic.start({ nodes: cluster.nodes, clients: 12, window, random })
  const flow = traffic.flow(200)
  let replacing: Promise<void> = Promise.resolve()
  for (let cut = 1; cut <= cuts; cut += 1) {
    await cutOne(traffic, cluster)
    if (cut % cutsPerKill === 0) {
      await replacing
      replacing = cluster.replaceOne(random)
    }
    await traffic.ledger.more(4)
  }
  await replacing
  await flow.stop()
  await traffic.allInRoom()
  await cluster.unharmed()
  expect(traffic.ledger.resumes).toBeGreaterThanOrEqual(cuts * 0.9) // two cuts may hit the same connection
  await traffic.finish()
})
