export type LifecycleState = 'starting' | 'ready' | 'draining' | 'closed'

const order: readonly LifecycleState[] = ['starting', 'ready', 'draining', 'closed']

/**
 * The state of a node, from its start to its end. `/readyz`, the admission of clients and the metric `draining` read it.
 * - `starting`: the node does not listen for clients yet.
 * - `ready`: it admits clients.
 * - `draining`: it admits no clients and moves its own to other nodes.
 * - `closed`: it admits no clients and ends.
 */
export class NodeLifecycle {
  #state: LifecycleState = 'starting'

  get state(): LifecycleState {
    return this.#state
  }

  /** Whether the node admits no client because it is about to end. */
  get isEnding(): boolean {
    return this.#state === 'draining' || this.#state === 'closed'
  }

  /** Moves to a later state. A state that has passed does not return. */
  advance(state: LifecycleState): void {
    if (order.indexOf(state) > order.indexOf(this.#state)) this.#state = state
  }
}
