import { Attempts, doAll, isAway } from '../attempts.ts'
import type { RoomId } from '../model.ts'
import type { ExpiredSession } from '../ports/node-registry.ts'
import type { LeaveReason, ParticipantRef } from '../ports/session-store.ts'
import type { State } from '../ports/state.ts'
import { expel } from '../session/expel.ts'

/** How many rooms, participants or list entries are seen to side by side. */
const maxConcurrent = 100
/** Rooms of the list that no node has noted for so long are looked at: nodes note theirs every `hold`. */
const pruneAgeSeconds = 60

export type ReaperEvents = {
  left: (reason: LeaveReason, who: ParticipantRef) => void
  /** A room has participants, and no node notes it. */
  unnoted: (room: RoomId) => Promise<void>
  /** A participant could not be taken out, though the store answers: it is not tried again. */
  givenUp: (who: ParticipantRef, error: unknown) => void
}

/** Clears up after nodes that are dead, participants whose window is over, and rooms that have ended. */
export class Reaper {
  readonly #state: State
  readonly #events: ReaperEvents
  readonly #wasAway: (asked: number) => boolean
  readonly #attempts = new Attempts()
  #stopped = false

  /** @param wasAway whether what the store was asked at that time may say nothing of nodes and participants */
  constructor(state: State, wasAway: (asked: number) => boolean, events: ReaperEvents) {
    this.#state = state
    this.#wasAway = wasAway
    this.#events = events
  }

  stop(): void {
    this.#stopped = true
  }

  /**
   * Who is dead and who is due is asked anew for every batch: a node that comes back is not cleared up to the end. Each
   * kind, and each of a kind, is seen to whatever becomes of the others.
   */
  async reap(): Promise<void> {
    const all = async (nextBatch: () => Promise<boolean>) => {
      while ((await nextBatch()) && !this.#stopped);
    }
    await doAll([() => all(() => this.#nodesBatch()), () => all(() => this.#dueBatch()), () => this.#prune()])
  }

  async #prune(): Promise<void> {
    const unnoted = await this.#state.rooms.prune(pruneAgeSeconds, maxConcurrent)
    await doAll(unnoted.map((room) => () => this.#events.unnoted(room)))
  }

  /** Puts a batch of what a node held into the window; true when that was the last. */
  async orphan(node: string): Promise<boolean> {
    const { done, left } = await this.#state.nodes.detachAllOf(node, maxConcurrent)
    await doAll(
      left.map((ref) => async () => {
        if (await expel(this.#state.sessionStore, ref)) this.#events.left('node_lost', ref)
      }),
    )
    return done
  }

  /** True when there is more to do at once. */
  async #nodesBatch(): Promise<boolean> {
    const { nodes } = this.#state
    const asked = performance.now()
    const dead = await nodes.expiredNodes()
    if (this.#wasAway(asked)) return false
    let more = false
    await doAll(
      dead.map((node) => async () => {
        if (await this.orphan(node)) await nodes.remove(node)
        else more = true
      }),
    )
    return more
  }

  /** True when there is more to do at once. */
  async #dueBatch(): Promise<boolean> {
    const asked = performance.now()
    const overdue = await this.#state.nodes.expiredSessions(maxConcurrent)
    if (this.#wasAway(asked)) return false
    await doAll(overdue.map((one) => () => this.#expire(one)))
    return overdue.length === maxConcurrent
  }

  async #expire({ room, id, due }: ExpiredSession): Promise<void> {
    const { nodes, sessionStore } = this.#state
    const what = `${room}|${id}|${due}`
    try {
      if (await sessionStore.leave(room, id, { due })) this.#events.left('window', { room, id })
    } catch (error) {
      // so that those whose shard is away do not hide the others
      if (isAway(error)) await nodes.postpone(room, id)
      if (!this.#attempts.failed(what, error)) throw error
      this.#events.givenUp({ room, id }, error)
    }
    this.#attempts.over(what)
    await nodes.clearDue(room, id, due)
  }
}
