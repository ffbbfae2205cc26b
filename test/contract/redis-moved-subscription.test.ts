import type { Command } from 'ioredis'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { RedisClient } from '../../src/state/redis/client.ts'
import { RedisLink } from '../../src/state/redis/link.ts'
import { noReport } from '../../src/state/redis/report.ts'
import { Subscriptions } from '../../src/state/redis/subscriptions.ts'
import type { Topology, TopologyEvents } from '../../src/state/redis/topology.ts'
import { type RedisServer, startRedis, until } from '../support/redis.ts'

/** Two servers, and a map by which every slot is at the first one until it is moved. */
class TwoServers implements Topology {
  readonly links: RedisLink[]
  readonly sentinels: RedisLink[] = []
  readonly problem = undefined
  readonly #events: TopologyEvents
  #home = 0

  constructor(servers: RedisServer[], events: TopologyEvents) {
    this.#events = events
    this.links = servers.map(({ port }) => {
      const link = { up: events.changed, down: events.changed, moved: events.changed }
      const options = { host: '127.0.0.1', port, connectionName: 'test' }
      return new RedisLink(`127.0.0.1:${port}`, options, link, noReport)
    })
    for (const link of this.links) events.opened(link)
  }

  /** As a redirection of another command does: the map is changed at once, and the change is told later. */
  move(): () => void {
    this.#home = 1
    return () => this.#events.changed()
  }

  slotOf(command: Command): number | null {
    return command.getSlot()
  }

  slotOfKey(): null {
    return null
  }

  linkFor(): RedisLink | undefined {
    return this.links[this.#home]
  }

  downMs(): number {
    return 0
  }

  linkTo(_address: string, from: RedisLink): RedisLink {
    return from
  }

  moved(): boolean {
    return false
  }

  refresh(): void {}

  async close(): Promise<void> {
    await Promise.all(this.links.map((link) => link.close()))
  }
}

async function start() {
  const servers = await Promise.all([startRedis(), startRedis()])
  const after = new Redis(servers[1]?.url ?? '')
  let topology: TwoServers | undefined
  const client = new RedisClient(
    (events) => {
      topology = new TwoServers(servers, events)
      return topology
    },
    true,
    () => {},
  )
  onTestFinished(async () => {
    await client.close()
    after.disconnect()
    await Promise.all(servers.map((server) => server.stop()))
  })
  await until(async () => client.links.every(({ ready }) => ready))
  return { topology: topology as unknown as TwoServers, client, after }
}

test.each(['told before the answer', 'told after the answer', 'told to no one'])(
  'a subscription whose slot moves while its answer is on its way is made at the new server; the move is %s',
  async (when) => {
    const { topology, client, after } = await start()
    const again: string[] = []
    const subscriptions = new Subscriptions(client, (channels) => again.push(...channels), noReport)
    onTestFinished(() => subscriptions.close())
    const added = subscriptions.add('ssubscribe', 'channel') // it is written before this returns
    const tell = topology.move()
    if (when === 'told before the answer') tell()
    await added
    if (when === 'told after the answer') tell()
    await until(async () => ((await after.call('PUBSUB', 'SHARDCHANNELS')) as string[]).includes('channel'))
    await until(async () => subscriptions.problem === undefined)
    expect(new Set(again)).toEqual(new Set(['channel']))
  },
)
