import { inBackground } from '../../core/background.ts'
import { newId } from '../../core/ids.ts'
import type { Handover } from '../../core/ports/handover.ts'
import { type DeliveryState, nodeOf, type SessionRef } from '../../core/ports/session-store.ts'
import type { Keys } from './keys.ts'
import type { RedisPubSub } from './pub-sub.ts'
import type { Scripts } from './scripts.ts'

/** How long a node may take to answer, ms. A killed node has no subscription, so its question ends at once. */
const answerTimeoutMs = 500

/** JSON messages between nodes. Nodes of other versions read them, so the names of the fields stay. */
type HandoverQuestion = { ask: string; from: string; place: SessionRef }
type HandoverAnswer = { answer: string; mark: { cursor: number; doubt: number } | null }

/** Each node has a channel, on which it receives questions and the answers to its own questions. */
export class RedisHandover implements Handover {
  readonly #pubSub: RedisPubSub
  readonly #scripts: Scripts
  readonly #keys: Keys
  readonly #waiting = new Map<string, (state: DeliveryState | undefined) => void>()
  #node = ''

  constructor(pubSub: RedisPubSub, scripts: Scripts, keys: Keys) {
    this.#pubSub = pubSub
    this.#scripts = scripts
    this.#keys = keys
  }

  async serve(node: string, onTakeover: (ref: SessionRef) => DeliveryState | undefined): Promise<void> {
    this.#node = node
    await this.#pubSub.subscribeRaw(this.#keys.handover(node), (text) => {
      const message = messageOf(text)
      if ('answer' in message) this.#waiting.get(message.answer)?.(stateOf(message.mark))
      else this.#answer(message.ask, message.from, onTakeover(message.place))
    })
  }

  async ask(ref: SessionRef): Promise<DeliveryState | undefined> {
    const id = newId()
    const answered = new Promise<DeliveryState | undefined>((resolve) => this.#waiting.set(id, resolve))
    const timer = setTimeout(() => this.#waiting.get(id)?.(undefined), answerTimeoutMs)
    try {
      const received = await this.#send(nodeOf(ref), { ask: id, from: this.#node, place: ref })
      return received ? await answered : undefined
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(id)
    }
  }

  /** If the answer is lost, the other node continues without it after `answerTimeoutMs`. */
  #answer(ask: string, to: string, state: DeliveryState | undefined): void {
    const mark = state ? { cursor: state.confirmed, doubt: state.sent } : null
    inBackground(
      () => this.#send(to, { answer: ask, mark }),
      () => {},
    )
  }

  /** Resolves to whether a node is subscribed to the channel. */
  async #send(node: string, message: HandoverQuestion | HandoverAnswer): Promise<boolean> {
    const channel = this.#keys.handover(node)
    const publish = () => this.#scripts.client.spublish(channel, JSON.stringify(message))
    return this.#scripts.call('handover', publish).then(
      (listeners) => Number(listeners) > 0,
      () => false,
    )
  }
}

/** @throws SyntaxError, TypeError when the text is not a question or an answer */
function messageOf(text: string): HandoverQuestion | HandoverAnswer {
  const { ask, from, place, answer, mark }: Partial<HandoverQuestion & HandoverAnswer> = JSON.parse(text) ?? {}
  if (typeof answer === 'string' && (!mark || isMark(mark))) return { answer, mark: mark ?? null }
  if (typeof ask === 'string' && typeof from === 'string' && place && isSessionRef(place)) return { ask, from, place }
  throw new TypeError('The message on the handover channel is neither a question nor an answer')
}

const stateOf = (mark: HandoverAnswer['mark']) => (mark ? { confirmed: mark.cursor, sent: mark.doubt } : undefined)
const isMark = ({ cursor, doubt }: Partial<NonNullable<HandoverAnswer['mark']>>) =>
  Number.isSafeInteger(cursor) && Number.isSafeInteger(doubt)
const isSessionRef = (ref: Partial<SessionRef>) =>
  [ref.room, ref.id, ref.owner].every((field) => typeof field === 'string')
