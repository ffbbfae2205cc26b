import { inBackground } from '../../core/background.ts'
import { newId } from '../../core/ids.ts'
import { type Handover, nodeOf } from '../../core/ports/handover.ts'
import type { Mark, Place } from '../../core/ports/session-store.ts'
import type { Keys } from './keys.ts'
import type { RedisWire } from './pub-sub.ts'
import type { Scripts } from './scripts.ts'

/** How long a node may take to answer, ms. One that was killed is known to be gone at once. */
const patience = 500

type Question = { ask: string; from: string; place: Place }
type Answer = { answer: string; mark: Mark | null }

/** A channel for each node: questions to it, and the answers to its own. */
export class RedisHandover implements Handover {
  readonly #wire: RedisWire
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #asked = new Map<string, (mark: Mark | undefined) => void>()
  #node = ''

  constructor(wire: RedisWire, scripts: Scripts, keys: Keys) {
    this.#wire = wire
    this.#scripts = scripts
    this.#keys = keys
  }

  async serve(node: string, yields: (place: Place) => Mark | undefined): Promise<void> {
    this.#node = node
    await this.#wire.follow(this.#keys.handover(node), (text) => {
      const said = messageOf(text)
      if ('answer' in said) this.#asked.get(said.answer)?.(said.mark ?? undefined)
      else this.#answer(said, yields(said.place))
    })
  }

  async ask(place: Place): Promise<Mark | undefined> {
    const id = newId()
    const answered = new Promise<Mark | undefined>((resolve) => this.#asked.set(id, resolve))
    const timer = setTimeout(() => this.#asked.get(id)?.(undefined), patience)
    try {
      const heard = await this.#tell(nodeOf(place), { ask: id, from: this.#node, place })
      return heard ? await answered : undefined
    } finally {
      clearTimeout(timer)
      this.#asked.delete(id)
    }
  }

  /** A node that gets no answer goes on without it after `patience`. */
  #answer({ ask, from }: Question, mark: Mark | undefined): void {
    inBackground(
      () => this.#tell(from, { answer: ask, mark: mark ?? null }),
      () => {},
    )
  }

  /** Whether a node listens there. */
  async #tell(node: string, said: Question | Answer): Promise<boolean> {
    const channel = this.#keys.handover(node)
    const publish = () => this.#scripts.client.spublish(channel, JSON.stringify(said))
    return this.#scripts.timed('handover', publish).then(
      (listeners) => Number(listeners) > 0,
      () => false,
    )
  }
}

/** @throws SyntaxError, TypeError when the text is not a question or an answer */
function messageOf(text: string): Question | Answer {
  const { ask, from, place, answer, mark }: Partial<Question & Answer> = JSON.parse(text) ?? {}
  if (typeof answer === 'string' && (!mark || isMark(mark))) return { answer, mark: mark ?? null }
  if (typeof ask === 'string' && typeof from === 'string' && place && isPlace(place)) return { ask, from, place }
  throw new TypeError('Not a question or an answer of a node')
}

const isMark = ({ cursor, doubt }: Partial<Mark>) => Number.isSafeInteger(cursor) && Number.isSafeInteger(doubt)
const isPlace = (place: Partial<Place>) =>
  [place.room, place.id, place.owner].every((field) => typeof field === 'string')
