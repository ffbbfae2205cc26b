import type { Handover } from '../../core/ports/handover.ts'
import { type DeliveryState, nodeOf, type SessionRef } from '../../core/ports/session-store.ts'

type TakeoverListener = (ref: SessionRef) => DeliveryState | undefined

export class MemoryHandover implements Handover {
  readonly #nodes = new Map<string, TakeoverListener>()

  async serve(node: string, onTakeover: TakeoverListener): Promise<void> {
    this.#nodes.set(node, onTakeover)
  }

  async ask(ref: SessionRef): Promise<DeliveryState | undefined> {
    return this.#nodes.get(nodeOf(ref))?.(ref)
  }
}
