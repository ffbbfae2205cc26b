import type { Deadline } from '../../core/deadline.ts'
import { newId } from '../../core/ids.ts'
import type { Draft, Member, ParticipantId, RoomId, Stream } from '../../core/model.ts'
import type { NodeInfo } from '../../core/ports/node-registry.ts'
import type { Oversight } from '../../core/ports/oversight.ts'
import type { Retention } from '../../core/ports/state.ts'
import { bodyOf } from './entry-json.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'

export class RedisOversight implements Oversight {
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #retention: Retention
  /** Which memory of uses the store had when it was asked last. */
  #memory = ''

  constructor(scripts: Scripts, keys: Keys, retention: Retention) {
    this.#scripts = scripts
    this.#keys = keys
    this.#retention = retention
  }

  async member(room: RoomId, id: ParticipantId): Promise<Member | undefined> {
    const text = await this.#scripts.timed('member', () => this.#scripts.client.hget(this.#keys.members(room), id))
    return text === null ? undefined : JSON.parse(text)
  }

  async changeMember(room: RoomId, before: Member, after: Member, notifications: Draft, deadline?: Deadline) {
    const keys = this.#keys
    const changed = await this.#scripts.run(
      'admin-member',
      [keys.room(room), keys.members(room), keys.log(room), keys.feed(room)],
      [before.id, JSON.stringify(before), JSON.stringify(after), bodyOf(notifications)],
      deadline,
    )
    return changed === 1
  }

  changeStream(room: RoomId, before: Stream, after: Stream, notifications: Draft[], deadline?: Deadline) {
    return this.#oversee(room, [before.id, JSON.stringify(before), JSON.stringify(after)], notifications, deadline)
  }

  removeStream(room: RoomId, id: string, notifications: Draft[], deadline?: Deadline): Promise<boolean> {
    return this.#oversee(room, [id, '', ''], notifications, deadline)
  }

  async nodes(): Promise<NodeInfo[]> {
    const { client } = this.#scripts
    return this.#scripts.timed('nodes', async () => {
      const [[seconds, micros], scores] = await Promise.all([
        client.time() as Promise<[number | string, number | string]>,
        client.zrange(this.#keys.nodes, '0', '-1', 'WITHSCORES'),
      ])
      const oldest = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) - this.#retention.lease * 1000
      const alive = scores.filter((_, index) => index % 2 === 0 && Number(scores[index + 1]) > oldest).toSorted()
      const infos = await Promise.all(alive.map((id) => client.hgetall(this.#keys.node(id))))
      return alive.map((id, index) => infoOf(id, infos[index]))
    })
  }

  async firstUse(
    deliveryState: string,
    seconds: number,
    deadline?: Deadline,
  ): Promise<{ first: boolean; since: number }> {
    const keys = this.#keys
    const reply = await this.#scripts.run(
      'claim-nonce',
      [keys.used(deliveryState), keys.remembers],
      [seconds, this.#memory],
      deadline,
    )
    const [first, since, memory] = reply as [number, number, string]
    this.#memory = memory
    if (first !== 1) return { first: false, since }
    // older nodes know this key alone. In this order one of several nodes wins both
    return { first: await this.#isFirstForOlderNodes(deliveryState, seconds), since }
  }

  async #isFirstForOlderNodes(deliveryState: string, seconds: number): Promise<boolean> {
    const op = newId()
    return (await this.#scripts.run('claim', [this.#keys.once(deliveryState)], [op, seconds * 1000, ''])) === op
  }

  async #oversee(room: RoomId, args: (string | number)[], notifications: Draft[], deadline?: Deadline) {
    const keys = this.#keys
    const changed = await this.#scripts.run(
      'admin-stream',
      [
        keys.room(room),
        keys.log(room),
        keys.feed(room),
        keys.streams(room),
        keys.subscriptions(room),
        keys.members(room),
      ],
      [...args, ...notifications.map(bodyOf)],
      deadline,
    )
    return changed === 1
  }
}

function infoOf(id: string, { url = '', version = '', connections = '0' }: { [field: string]: string } = {}): NodeInfo {
  return { id, url, version, connections: Number(connections) }
}
