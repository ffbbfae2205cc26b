import { inBackground } from '../background.ts'
import type { RoomId } from '../model.ts'
import type { RoomIndex } from '../ports/room-index.ts'

/** How long changes are collected before a write, and how long after a failed write, ms. */
const collectMs = 20
const retryMs = 1000
/** How many rooms one write has at most, and how many wait while the store does not answer. Pruning corrects the rest. */
const batchRooms = 500
const maxRooms = 20_000

/** Keeps the store's index of rooms up to date: adds rooms that open, and removes rooms that end. */
export class RoomIndexUpdater {
  readonly #roomIndex: RoomIndex
  readonly #failed: (error: unknown) => void
  readonly #changed = new Set<RoomId>()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(roomIndex: RoomIndex, failed: (error: unknown) => void) {
    this.#roomIndex = roomIndex
    this.#failed = failed
  }

  /** A participant has entered or left the room, or could not enter. */
  changed(room: RoomId): void {
    if (this.#changed.size < maxRooms) this.#changed.add(room)
    this.#schedule(collectMs)
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
  }

  #schedule(ms: number): void {
    if (this.#stopped) return
    this.#timer ??= setTimeout(() => inBackground(() => this.#update(), this.#failed), ms).unref()
  }

  async #update(): Promise<void> {
    const batch = [...this.#changed].slice(0, batchRooms)
    for (const room of batch) this.#changed.delete(room)
    let next = collectMs
    try {
      await this.#roomIndex.relist(batch)
    } catch (error) {
      for (const room of batch) this.#changed.add(room)
      next = retryMs
      this.#failed(error)
    } finally {
      this.#timer = undefined
      if (this.#changed.size > 0) this.#schedule(next)
    }
  }
}
