import { SignalboxError } from '../../../src/client/errors.ts'
import type { Connector, Link, LinkAnswer, LinkListener } from '../../../src/client/link.ts'

export type RequestContext = { event: string; args: readonly unknown[]; answer: (answer: LinkAnswer) => void }

/** A connection to a node that the test plays. */
export class FakeLink implements Link {
  readonly url: string
  readonly id: string
  open = true
  readonly requests: RequestContext[] = []
  #listener: LinkListener | undefined

  constructor(url: string, id: string) {
    this.url = url
    this.id = id
  }

  ask(event: string, args: readonly unknown[], answered: (answer: LinkAnswer) => void): void {
    const request = { event, args, answer: answered }
    if (this.open) this.requests.push(request)
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
    return this.requests.filter((request) => request.event === event)
  }

  ok(event: string, data?: unknown): void {
    this.all(event).at(-1)?.answer({ ok: true, data })
  }

  refuse(event: string, code: string): void {
    this.all(event).at(-1)?.answer({ ok: false, code, message: code })
  }

  emit(event: string, ...args: unknown[]): void {
    this.#listener?.event(event, args)
  }

  cut(): void {
    if (!this.open) return
    this.open = false
    for (const { answer } of this.requests) answer(lost)
    this.#listener?.lost('cut')
  }
}

const lost: LinkAnswer = { ok: false, code: 'lost', message: 'lost' }

/** Nodes that accept every connection unless they are `unreachable`. */
export class FakeNodes {
  readonly links: FakeLink[] = []
  unreachable = false
  tries = 0

  readonly connect: Connector = async ({ url }) => {
    this.tries += 1
    if (this.unreachable) throw new SignalboxError('unreachable')
    const link = new FakeLink(url, `link ${this.links.length}`)
    this.links.push(link)
    return link
  }

  get last(): FakeLink {
    const link = this.links.at(-1)
    if (!link) throw new Error('No client has connected')
    return link
  }
}

/** A ticket that is valid for `lifeMs`. */
export function ticketOf(name: string, lifeMs = 600_000): string {
  return btoa(JSON.stringify({ ticketId: name, notBefore: 0, notAfter: lifeMs }))
}
