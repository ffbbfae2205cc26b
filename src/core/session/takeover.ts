import type { Handover } from '../ports/handover.ts'
import { type DeliveryState, nodeOf, type SessionRef } from '../ports/session-store.ts'
import type { Disconnections } from './disconnections.ts'
import type { SessionCloser } from './session-closer.ts'
import type { SessionRegistry } from './session-registry.ts'
import type { SessionsEvents } from './sessions-config.ts'

export type TakeoverDeps = {
  node: string
  handover: Handover
  registry: SessionRegistry
  closer: SessionCloser
  disconnections: Disconnections
  events: Pick<SessionsEvents, 'takenOver'>
}

/** Closes the connection of a session's previous owner, on this node or another. */
export class Takeover {
  readonly #deps: TakeoverDeps

  constructor(deps: TakeoverDeps) {
    this.#deps = deps
  }

  /**
   * Another owner has taken over a session of this node: its connection is closed.
   * @returns its delivery state, also if it was lost a moment ago; undefined: unknown
   */
  onTakeover(ref: SessionRef): DeliveryState | undefined {
    const { registry, closer, disconnections } = this.#deps
    const session = registry.find(ref)
    if (!session) return disconnections.deliveryStateOf(ref)
    const { deliveryState } = session // final: this step delivers nothing more
    closer.endTakenOverSoon(session)
    return deliveryState
  }

  /**
   * Closes the connection of the previous owner.
   * @param seq the last one that the client has seen, if the client says so
   * @returns its delivery state; undefined if that is unknown, or not needed because of `seq`
   */
  async closePrevious(previous: SessionRef, seq: number | undefined): Promise<DeliveryState | undefined> {
    const { node, handover, events } = this.#deps
    const here = nodeOf(previous) === node
    const known = this.onTakeover(previous)
    const deliveryState = known ?? (here || seq !== undefined ? undefined : await handover.ask(previous))
    events.takenOver?.(previous, here || deliveryState !== undefined)
    return seq === undefined ? deliveryState : undefined
  }
}
