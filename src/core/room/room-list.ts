import { inBackground } from '../background.ts'
import type { RoomId } from '../model.ts'
import type { RoomStore } from '../ports/room-store.ts'

/** How long changes are gathered, ms, and until those that failed are tried again. */
const gatherMs = 20
const retryMs = 1000
/** How many rooms one round looks at, and how many are remembered while the store is away: pruning finds the others. */
const batchRooms = 500
const maxRooms = 20_000

/** Keeps the list of rooms true: one that begins is on it, and one that ends goes off it. */
export class RoomList {
  readonly #rooms: RoomStore
  readonly #failed: (error: unknown) => void
  readonly #changed = new Set<RoomId>()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(rooms: RoomStore, failed: (error: unknown) => void) {
    this.#rooms = rooms
    this.#failed = failed
  }

  /** A participant has entered or left the room, or could not enter. */
  changed(room: RoomId): void {
    if (this.#changed.size < maxRooms) this.#changed.add(room)
    this.#soon(gatherMs)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #soon(ms: number): void {
    if (this.#stopped) return
    this.#timer ??= setTimeout(() => inBackground(() => this.#update(), this.#failed), ms).unref()
  }

  async #update(): Promise<void> {
    const some = [...this.#changed].slice(0, batchRooms)
    for (const room of some) this.#changed.delete(room)
    let next = gatherMs
    try {
      await this.#rooms.relist(some)
    } catch (error) {
      for (const room of some) this.#changed.add(room)
      next = retryMs
      this.#failed(error)
    } finally {
      this.#timer = undefined
      if (this.#changed.size > 0) this.#soon(next)
    }
  }
}
