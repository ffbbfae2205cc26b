import { SignalboxError } from '../../../src/client/errors.ts'
import type { Connector, Link, LinkAnswer, LinkListener } from '../../../src/client/link.ts'

export type RequestContext = { event: string; args: readonly unknown[]; answer: (answer: LinkAnswer) => void }

/** A connection whose other end is the test. */
export class FakeLink implements Link {
  readonly url: string
  readonly id: string
  open = true
  readonly asked: RequestContext[] = []
  #listener: LinkListener | undefined

  constructor(url: string, id: string) {
    this.url = url
    this.id = id
  }

  ask(event: string, args: readonly unknown[], answered: (answer: LinkAnswer) => void): void {
    const asked = { event, args, answer: answered }
    if (this.open) this.asked.push(asked)
    else answered(lost)
  }

  listen(listener: LinkListener): void {
    this.#listener = listener
  }

  close(): void {
    this.cut()
  }

  /** The requests of one event, oldest first. */
  all(event: string): RequestContext[] {
    return this.asked.filter((asked) => asked.event === event)
  }

  ok(event: string, data?: unknown): void {
    this.all(event).at(-1)?.answer({ ok: true, data })
  }

  refuse(event: string, code: string): void {
    this.all(event).at(-1)?.answer({ ok: false, code, message: code })
  }

  say(event: string, ...args: unknown[]): void {
    this.#listener?.event(event, args)
  }

  cut(): void {
    if (!this.open) return
    this.open = false
    for (const { answer } of this.asked) answer(lost)
    this.#listener?.lost('cut')
  }
}

const lost: LinkAnswer = { ok: false, code: 'lost', message: 'lost' }

/** Nodes that take every connection, until they are `away`. */
export class FakeNodes {
  readonly links: FakeLink[] = []
  away = false
  tries = 0

  readonly connect: Connector = async ({ url }) => {
    this.tries += 1
    if (this.away) throw new SignalboxError('unreachable')
    const link = new FakeLink(url, `link ${this.links.length}`)
    this.links.push(link)
    return link
  }

  get last(): FakeLink {
    const link = this.links.at(-1)
    if (!link) throw new Error('Nobody has connected')
    return link
  }
}

/** A ticket that is good for so many ms. */
export function ticketOf(name: string, lifeMs = 600_000): string {
  return btoa(JSON.stringify({ ticketId: name, notBefore: 0, notAfter: lifeMs }))
}
