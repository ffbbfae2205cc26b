import { inBackground } from '../core/background.ts'
import { dialectOf, type RoomId } from '../core/model.ts'
import type { ParticipantRef, SessionRef } from '../core/ports/session-store.ts'
import type { OpenRoomList } from '../core/room/open-room-list.ts'
import type { RoomIndexUpdater } from '../core/room/room-index-updater.ts'
import type { Broadcast } from '../gateway/broadcast.ts'
import type { ServedDialect } from '../gateway/requests.ts'
import type { NodeContext } from './context.ts'

/** The parts that react to events of the core. They are created after the core. */
export type CoreEventHandlers = {
  roomIndexUpdater: RoomIndexUpdater
  openRoomList: OpenRoomList
  broadcast: Broadcast
  dialects: { readonly [name: string]: ServedDialect }
}

/** Counts and logs the events of the core, and passes them to the parts that react to them. */
export class CoreEvents {
  readonly #context: NodeContext
  readonly failed: (error: unknown) => void
  #handlers: CoreEventHandlers | undefined

  /** @param failed receives the errors of work that no caller awaits */
  constructor(context: NodeContext, failed: (error: unknown) => void) {
    this.#context = context
    this.failed = failed
  }

  connect(handlers: CoreEventHandlers): void {
    this.#handlers = handlers
  }

  readonly left = (reason: string, { room, id }: ParticipantRef): void => {
    const { metrics, log } = this.#context
    metrics.left.inc({ reason })
    log.info({ room, participant: id, reason }, 'left')
  }

  readonly givenUp = ({ room, id }: ParticipantRef, error: unknown): void => {
    const { log, refusals } = this.#context
    log.error(
      { room, participant: id, err: error },
      'the record of a participant in Redis is broken: the node disconnected its client, which must log in again',
    )
    refusals.note('broken_record', { room, participant: id }, 'gave up a participant')
  }

  readonly incomplete = (): void => this.#context.metrics.incomplete.inc()

  readonly replayed = (entries: number): void => this.#context.metrics.replayed.inc(entries)

  readonly repaired = (): void => this.#context.metrics.repaired.inc()

  readonly leapt = (room: RoomId, seq: number): void =>
    this.#context.log.warn(
      { room, seq },
      'Redis may have lost its latest writes: the numbers of this room continue at `seq`',
    )

  readonly occupancyMayHaveChanged = (room: RoomId): void => {
    const { roomIndexUpdater, openRoomList } = this.#handlers ?? {}
    roomIndexUpdater?.changed(room)
    if (openRoomList) inBackground(() => openRoomList.changed(room), this.failed)
  }

  /** @param isClosed the old connection is closed, or known to be lost */
  readonly takenOver = (ref: SessionRef, isClosed: boolean): void => {
    this.#context.log.info({ room: ref.room, participant: ref.id }, 'connection taken over')
    const dialect = this.#handlers?.dialects[dialectOf(ref.room)]
    if (dialect && !isClosed) {
      this.#handlers?.broadcast.closeConnection(dialect.namespace, ref, dialect.takenOverEvent)
    }
  }
}
