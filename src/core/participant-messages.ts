import { SignalError } from './errors.ts'
import type { Draft, ParticipantId, RoomId } from './model.ts'
import type { Log } from './ports/log.ts'
import type { SessionUpkeep } from './ports/session-upkeep.ts'
import { type RequestContext, writeOf } from './session/request-context.ts'

/** What a participant sends; `data` is JSON in the words of its dialect. */
export type OutgoingMessage = Pick<Draft, 'event' | 'data'>

/** The messages that participants send: text, signaling. A message of a backend is posted by `Management`. */
export class ParticipantMessages {
  readonly #log: Log
  readonly #sessionUpkeep: SessionUpkeep

  constructor({ log, sessionUpkeep }: { log: Log; sessionUpkeep: SessionUpkeep }) {
    this.#log = log
    this.#sessionUpkeep = sessionUpkeep
  }

  /**
   * To the participant `to` of the sender's room; without `to` to everyone in it, the sender included.
   * @throws moved, no_such_participant, repeated, unavailable
   */
  async post(context: RequestContext, message: OutgoingMessage, to?: ParticipantId): Promise<void> {
    await this.#append(context, { ...message, ...(to === undefined ? {} : { to }) })
  }

  /**
   * To the participant `to` of the sender's room; without `to` to everyone else in it.
   * @throws moved, no_such_participant, repeated, unavailable
   */
  async relay(context: RequestContext, message: OutgoingMessage, to?: ParticipantId | null): Promise<void> {
    await this.#append(context, { ...message, ...(to == null ? { except: context.session.id } : { to }) })
  }

  /**
   * To the participant `id` of another room. One script cannot write two rooms: so the sender's ownership is checked before, and
   * the ack is recorded after the message. The check also records what the sender's client has received, as its other writes do. The name of the message makes it idempotent: a repeat appends nothing.
   * @throws moved, no_such_participant, unavailable
   */
  async postTo(context: RequestContext, room: RoomId, id: ParticipantId, message: OutgoingMessage): Promise<void> {
    const { session, rid, deadline } = context
    const [state] = await this.#sessionUpkeep.recordConfirmed([{ ref: session.ref, confirmed: session.confirmedSeq }])
    if (state === 'moved') throw new SignalError('moved')
    const write = writeOf(context)
    const name = rid === undefined ? write.op : `${session.id}.${rid}`
    await this.#log.appendFromServer(room, { ...message, to: id }, name, deadline)
    if (rid !== undefined) await this.#log.recordReply(write)
  }

  async #append(context: RequestContext, draft: Draft): Promise<void> {
    await this.#log.append(writeOf(context), { ...draft, from: context.session.id })
  }
}
