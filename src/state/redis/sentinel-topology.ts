import type { RedisLink } from './link.ts'
import { type OpenLink, SingleTopology, type TopologyEvents } from './topology.ts'

/** A sentinel publishes `<name> <old host> <old port> <new host> <new port>` here when it takes another server for the master. */
const failoverChannel = '+switch-master'

/**
 * The master that the sentinels name. A replaced master still accepts writes for some seconds, and loses them. So the node closes
 * the connection to it as soon as a sentinel announces the new master.
 *
 * The `failoverDetector` of ioredis 6.0.0 does the same, but it subscribes again without handling a rejection: if the connection
 * to a sentinel breaks at that moment, the unhandled rejection ends the process.
 */
export class SentinelTopology extends SingleTopology {
  override readonly sentinels: RedisLink[]

  /**
   * @param name of the master
   * @param sentinels their addresses, `host:port`
   * @param master the options with which ioredis finds the master
   * @param open opens the link to the master
   * @param openSentinel opens a link to one sentinel
   */
  constructor(
    name: string,
    sentinels: readonly string[],
    master: object,
    open: OpenLink,
    openSentinel: OpenLink,
    events: TopologyEvents,
  ) {
    super(`${name} of ${sentinels.join(', ')}`, master, open, events)
    this.sentinels = sentinels.map((address) => this.#watch(name, address, openSentinel))
  }

  override async close(): Promise<void> {
    await Promise.all([super.close(), ...this.sentinels.map((sentinel) => sentinel.close())])
  }

  #watch(name: string, address: string, openSentinel: OpenLink): RedisLink {
    const colon = address.lastIndexOf(':')
    const endpoint = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
    const subscribe = () => {
      sentinel.redis.subscribe(failoverChannel).catch((error: Error) => {
        if (sentinel.ready) sentinel.replace(error.message) // `up` of the next connection subscribes
      })
    }
    const sentinel = openSentinel(address, endpoint, { up: subscribe, down: () => {}, moved: () => {} })
    sentinel.redis.on('message', (_channel: string, message: string) => {
      if (message.split(' ', 1)[0] === name) this.linkFor().replace('the sentinels name another master')
    })
    return sentinel
  }
}
