import type { Link } from './link.ts'
import { type OpenLink, SingleTopology, type TopologyEvents } from './topology.ts'

/** What a sentinel publishes when another server is the master: its name, and both addresses. */
const failoverChannel = '+switch-master'

/**
 * The master that the sentinels name. A master that was replaced takes writes for some seconds more, and they are lost:
 * its connection is given up as soon as a sentinel tells of the new one.
 *
 * ioredis has a `failoverDetector` for it. It subscribes again on its own, without handling a failure: a sentinel whose
 * connection breaks at that moment ended the process by an unhandled rejection (6.0.0).
 */
export class SentinelTopology extends SingleTopology {
  readonly #sentinels: Link[]

  /**
   * @param name of the master
   * @param sentinels their addresses, `host:port`
   * @param master what ioredis finds the master with
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
    this.#sentinels = sentinels.map((address) => this.#watch(name, address, openSentinel))
  }

  override async close(): Promise<void> {
    await Promise.all([super.close(), ...this.#sentinels.map((sentinel) => sentinel.close())])
  }

  #watch(name: string, address: string, openSentinel: OpenLink): Link {
    const colon = address.lastIndexOf(':')
    const place = { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
    const subscribe = () => {
      sentinel.redis.subscribe(failoverChannel).catch((error: Error) => {
        if (sentinel.ready) sentinel.replace(error.message) // and it subscribes on the next connection
      })
    }
    const sentinel = openSentinel(address, place, { up: subscribe, down: () => {}, moved: () => {} })
    sentinel.redis.on('message', (_channel: string, message: string) => {
      if (message.split(' ', 1)[0] === name) this.linkFor().replace('the sentinels name another master')
    })
    return sentinel
  }
}
