import { expect, vi } from 'vitest'
import { newId } from '../../src/core/ids.ts'
import { type Client, connect, loginInfo } from './client.ts'
import { newRoom } from './node.ts'
import type { Address } from './resilient-client.ts'
import type { Waits } from './waits.ts'

/** How a new client enters a room in one dialect. */
type DialectLogin = {
  namespace: string
  event: string
  data(room: string): unknown
  leave: string
  /** The other participants of the room, from the ack. */
  others(ack: unknown, id: string): unknown[]
}

type PortalAck = { id: string; room: { participants: { id: string }[] } }
const without = (list: { id: string }[], id: string) => list.filter((participant) => participant.id !== id)

const dialectLogins: DialectLogin[] = [
  {
    namespace: '/',
    event: 'login',
    data: (room) => loginInfo({ room, user: 'newcomer' }),
    leave: 'logout',
    others: (ack, id) => without((ack as PortalAck).room.participants, id),
  },
  {
    namespace: '/exchanger',
    event: 'joinStream',
    data: (channelName) => ({ channelName }),
    leave: 'logout',
    others: (ack) => (ack as { users: unknown[] }).users,
  },
  {
    namespace: '/rooms',
    event: 'enter_room',
    data: (room) => room,
    leave: 'logout',
    others: (ack, id) => without((ack as { members: { id: string }[] }).members, id),
  },
  { namespace: '/p2p', event: 'authentication', data: () => ({ token: newId() }), leave: 'logout', others: () => [] },
]

/** New clients in every dialect that log in and leave at once. */
export class Newcomers {
  readonly #waits: Waits
  readonly #rooms = dialectLogins.map(() => newRoom())
  /** Number of logins by the status of their ack. */
  readonly outcomes: { [status: string]: number } = {}

  constructor(waits: Waits) {
    this.#waits = waits
  }

  /** Logs in once per dialect and node. Resolves when all logins are answered and all clients have left. */
  async loginEverywhere(nodes: readonly Address[]): Promise<void> {
    await Promise.all(
      nodes.flatMap((node) => dialectLogins.map((login, index) => this.#loginAndLeave(node, login, index))),
    )
  }

  /** All newcomers have left their rooms, at the latest when their windows end. */
  async expectAllLeft(node: Address): Promise<void> {
    for (const [index, login] of dialectLogins.entries()) {
      const isEmpty = async () => (await this.#othersIn(this.#rooms[index] ?? '', login, node)).length === 0
      await vi.waitUntil(isEmpty, { timeout: 20_000, interval: 500 })
    }
  }

  /** The participants that a login at a node finds in a room. */
  async #othersIn(
    room: string,
    { namespace, event, data, others, leave }: DialectLogin,
    node: Address,
  ): Promise<unknown[]> {
    const client = await connect(node.url, { namespace })
    const { status, data: ack, error } = await client.request(event, data(room))
    expect({ event, status, error }).toMatchObject({ status: expect.not.stringMatching('error') })
    if (namespace !== '/p2p') await client.request(leave)
    client.socket.disconnect()
    return others(ack, (ack as { id?: string } | undefined)?.id ?? '')
  }

  async #loginAndLeave(node: Address, { namespace, event, data, leave }: DialectLogin, index: number): Promise<void> {
    const name = `${event} of a newcomer at ${node.url}`
    const client = await connect(node.url, { namespace }).catch(() => undefined)
    if (!client) return // the node is down
    const answered = this.#waits.begin(name)
    const status = await this.#request(client, event, data(this.#rooms[index] ?? ''))
    answered()
    this.outcomes[status] = (this.outcomes[status] ?? 0) + 1
    if (status === 'ok') {
      const left = this.#waits.begin(`${leave} after ${name}`)
      await this.#request(client, leave)
      left() // if Redis fails, the participant leaves at the end of its window
    }
    client.socket.disconnect()
  }

  /** Resolves to the ack's status or code, or to `lost`. */
  #request(client: Client, event: string, ...args: unknown[]): Promise<string> {
    const lost = client.closed.then(() => 'lost')
    const acked = new Promise<string>((resolve) => {
      client.socket.emit(event, ...args, (...ack: unknown[]) => resolve(codeIn(ack) ?? 'ok'))
    })
    return Promise.race([acked, lost])
  }
}

/** The error code of an ack; that of P2P has it in its first argument. */
function codeIn([status, , more]: unknown[]): string | undefined {
  const refusal = (status === 'error' ? more : status) as { error?: unknown; code?: string } | undefined
  return status === 'error' || refusal?.error !== undefined ? (refusal?.code ?? 'error') : undefined
}
