import { byId } from './element.js'
import { count, retryProblemOf } from './messages.js'
import { nodeName } from './nodes.js'
import { notice } from './notices.js'

/** Shows the node of the connection, and reports each reconnection: from where, how long, and how many messages were caught up. */
export class ConnectionStatus {
  #rooms
  #chat
  #pill = byId('node')
  #milestones = 0
  #pendingMove

  constructor(rooms, chat) {
    this.#rooms = rooms
    this.#chat = chat
    rooms.on('state', (state) => this.#show(state))
    rooms.on('reconnected', (move) => this.#onReconnected(move))
    rooms.on('new_message', () => this.#countCaughtUp())
    rooms.on('direct_message', (text, { from }) => {
      if (from !== rooms.id) this.#countCaughtUp()
      else if (this.#pendingMove && text === this.#pendingMove.milestone) this.#report()
    })
    rooms.on('retrying', (reason) => {
      const problem = retryProblemOf(reason)
      if (problem) notice(problem)
    })
    rooms.on('draining', () => this.#show('draining'))
  }

  #show(state) {
    const { connection } = this.#rooms
    const on = connection ? `Node ${nodeName(connection)}` : ''
    const texts = { connected: on, draining: `${on} is shutting down, moving…` }
    this.#pill.dataset.state = state === 'connected' ? 'connected' : 'connecting'
    if (connection) Object.assign(this.#pill.dataset, { node: nodeName(connection), url: connection.url })
    this.#pill.textContent = texts[state] ?? 'Reconnecting…'
  }

  /**
   * After a reconnection the missed messages arrive in order. A message to oneself arrives after all of them: the
   * messages before it were caught up.
   */
  async #onReconnected(move) {
    this.#show('connected')
    this.#milestones += 1
    const milestone = `milestone ${this.#milestones}`
    this.#pendingMove = { move, milestone, caughtUp: this.#pendingMove?.caughtUp ?? 0 }
    await this.#rooms.whisper(this.#rooms.id, milestone).catch(() => {}) // the room was left
  }

  #countCaughtUp() {
    if (this.#pendingMove) this.#pendingMove.caughtUp += 1
  }

  #report() {
    const { move, caughtUp } = this.#pendingMove
    this.#pendingMove = undefined
    const { from, to, ms } = move
    const there = nodeName(to)
    const left = from && nodeName(from)
    const way =
      left === undefined || left === there ? `Back on node ${there}` : `Moved from node ${left} to node ${there}`
    const text = `${way} in ${Math.round(ms)} ms, ${count(caughtUp, 'message')} caught up`
    this.#chat.note(text)
    notice(text, { kind: 'news', seconds: 8 })
  }
}
