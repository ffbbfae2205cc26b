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
/** One in so many cuts is the end of a process. */
const deadly = 50

/** A node in this process, so that its side of a connection can be closed, and two that can be killed. */
class Cluster {
  readonly nodes: Address[] = []
  readonly #prefix = randomPrefix()
  readonly #env = { RECONNECT_WINDOW: window }
  #here: TestNode | undefined
  #processes: NodeProcess[] = []

  async start(): Promise<void> {
    const redis = { prefix: this.#prefix }
    const here = await startNode({ redis, env: this.#env, parts: { intervals: defaultDutyIntervals } })
    this.#here = here
    this.nodes.push(here)
    await Promise.all([this.#add(), this.#add()])
  }

  /** Closes one connection at the server's side; false when there is none. */
  closeOne(random: Random): boolean {
    const sockets = [...(this.#here?.app.io.sockets.sockets.values() ?? [])]
    if (sockets.length === 0) return false
    random.pick(sockets).conn.close()
    return true
  }

  /** Kills a process and starts another in its place. */
  async replaceOne(random: Random): Promise<void> {
    const doomed = random.pick(this.#processes)
    this.#processes = this.#processes.filter((node) => node !== doomed)
    this.nodes.splice(this.nodes.indexOf(doomed), 1)
    doomed.kill('SIGKILL')
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
  await ledger.until('someone to cut off', () => connected().length > 0)
  const client = random.pick(connected())
  // cut off in the middle of a word: done or not, it was not acked
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
    if (cut % deadly === 0) {
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
