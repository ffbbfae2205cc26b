import type { Command } from 'ioredis'
import { Redis } from 'ioredis'
import { expect, onTestFinished, test } from 'vitest'
import { RedisClient } from '../../src/state/redis/client.ts'
import { RedisLink } from '../../src/state/redis/link.ts'
import { noReport } from '../../src/state/redis/report.ts'
import { Subscriptions } from '../../src/state/redis/subscriptions.ts'
import type { Topology, TopologyEvents } from '../../src/state/redis/topology.ts'
import { type RedisServer, startRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

/** Two servers. Every slot is on the first one until `move`. */
class TwoServers implements Topology {
  readonly links: RedisLink[]
  readonly sentinels: RedisLink[] = []
  readonly problem = undefined
  readonly #events: TopologyEvents
  #current = 0

  constructor(servers: RedisServer[], events: TopologyEvents) {
    this.#events = events
    this.links = servers.map(({ port }) => {
      const link = { up: events.changed, down: events.changed, moved: events.changed }
      const options = { host: '127.0.0.1', port, connectionName: 'test' }
      return new RedisLink(`127.0.0.1:${port}`, options, link, noReport)
    })
    for (const link of this.links) events.opened(link)
  }

  /** Changes the map at once, as the redirection of another command does. The returned function reports the change. */
  move(): () => void {
    this.#current = 1
    return () => this.#events.changed()
  }

  slotOf(command: Command): number | null {
    return command.getSlot()
  }

  slotOfKey(): null {
    return null
  }

  linkFor(): RedisLink | undefined {
    return this.links[this.#current]
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

test.each(['reported before the answer', 'reported after the answer', 'not reported'])(
  'a subscription whose slot moves before its answer arrives is made on the new server if the move is %s',
  async (when) => {
    const { topology, client, after } = await start()
    const resubscribed: string[] = []
    const subscriptions = new Subscriptions(client, (channels) => resubscribed.push(...channels), noReport)
    onTestFinished(() => subscriptions.close())
    const added = subscriptions.add('ssubscribe', 'channel') // this writes the command before it returns
    const report = topology.move()
    if (when === 'reported before the answer') report()
    await added
    if (when === 'reported after the answer') report()
    await until(async () => ((await after.call('PUBSUB', 'SHARDCHANNELS')) as string[]).includes('channel'))
    await until(async () => subscriptions.problem === undefined)
    expect(new Set(resubscribed)).toEqual(new Set(['channel']))
  },
)
