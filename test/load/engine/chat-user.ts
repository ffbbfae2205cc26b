import { Portal } from '../../../src/client/portal.ts'
import { readLetter, writeLetter } from './payload.ts'
import type { Crew, Group } from './user-pool.ts'
import { Person } from './virtual-user.ts'

export type Chat = {
  /** Length of a text. */
  bytes: number
  /** How many of them are for one other; the rest is for all. From 0 to 1. */
  direct: number
}

/** Someone in a room of the portal who writes texts. */
export class Texter extends Person {
  protected readonly client: Portal

  constructor(crew: Crew, group: Group) {
    super(crew, group)
    const { connect } = this.tap
    this.client = new Portal({ url: crew.urls, transports: ['websocket'], parts: { connect } })
    this.client.on('text', ({ message }) => {
      const letter = readLetter(message)
      if (letter) this.heard(letter.from, letter.number)
    })
    this.client.on('participant', (news) => {
      if (news.action === 'join') this.sawComing(news.data.user)
      else this.sawLeaving(crew.nameOf(news.data) ?? '')
    })
  }

  /** Until it is time to finish. */
  async chat({ bytes, direct }: Chat): Promise<void> {
    const pace = 1000 / this.crew.perSecond
    await this.crew.pause(Math.random() * pace) // or all would speak at once
    while (!this.crew.finishing && this.client.state !== 'closed') {
      const { others } = this
      const other = others[Math.floor(Math.random() * others.length)]
      const one = Math.random() < direct ? other : undefined
      const heard = one ? [one] : [this, ...others] // `all` is everyone, the sender too
      const to = one?.id ?? 'all'
      this.say(heard, (number) => this.client.text(to, writeLetter(this.name, number, bytes)))
      await this.crew.pause(pace * (0.5 + Math.random()))
    }
  }

  protected goIn(): Promise<unknown> {
    const claims = { room: this.group.name, user: this.name, role: 'presenter' }
    return this.client.login(async () => (await this.crew.tokens(claims)) ?? '')
  }

  protected goOut(): Promise<unknown> {
    return this.client.logout()
  }
}
