import { Portal } from '../../../src/client/portal.ts'
import { readPayload, writePayload } from './payload.ts'
import type { Group, UserPool } from './user-pool.ts'
import { VirtualUser } from './virtual-user.ts'

export type Chat = {
  /** Length of a text, characters. */
  bytes: number
  /** The share of texts that go to one user, from 0 to 1; the others go to all. */
  direct: number
}

/** A user in a room of the portal who sends texts. */
export class ChatUser extends VirtualUser {
  protected readonly client: Portal

  constructor(pool: UserPool, group: Group) {
    super(pool, group)
    const { connect } = this.monitor
    this.client = new Portal({ url: pool.urls, transports: ['websocket'], parts: { connect } })
    this.client.on('text', ({ message }) => {
      const payload = readPayload(message)
      if (payload) this.received(payload.from, payload.number)
    })
    this.client.on('participant', (change) => {
      if (change.action === 'join') this.sawJoin(change.data.user)
      else this.sawLeave(pool.nameOf(change.data) ?? '')
    })
  }

  /** Sends texts until the run finishes. */
  async chat({ bytes, direct }: Chat): Promise<void> {
    const intervalMs = 1000 / this.pool.perSecond
    await this.pool.pause(Math.random() * intervalMs) // spreads the users over the interval
    while (!this.pool.finishing && this.client.state !== 'closed') {
      const { others } = this
      const candidate = others[Math.floor(Math.random() * others.length)]
      const receiver = Math.random() < direct ? candidate : undefined
      const receivers = receiver ? [receiver] : [this, ...others] // `all` includes the sender
      const to = receiver?.id ?? 'all'
      this.send(receivers, (number) => this.client.text(to, writePayload(this.name, number, bytes)))
      await this.pool.pause(intervalMs * (0.5 + Math.random()))
    }
  }

  protected startSession(): Promise<unknown> {
    const claims = { room: this.group.name, user: this.name, role: 'presenter' }
    return this.client.login(async () => (await this.pool.tokens(claims)) ?? '')
  }

  protected endSession(): Promise<unknown> {
    return this.client.logout()
  }
}
