import { byId } from './element.js'
import { complaintOf, count } from './messages.js'
import { nodeName } from './nodes.js'
import { notice } from './notices.js'

/** Which node one is on, and what a move to another did. */
export class Journey {
  #rooms
  #chat
  #pill = byId('node')
  #milestones = 0
  #underway

  constructor(rooms, chat) {
    this.#rooms = rooms
    this.#chat = chat
    rooms.on('state', (state) => this.#show(state))
    rooms.on('reconnected', (how) => this.#arrived(how))
    rooms.on('new_message', () => this.#count())
    rooms.on('direct_message', (text, { from }) => {
      if (from !== rooms.id) this.#count()
      else if (this.#underway && text === this.#underway.milestone) this.#report()
    })
    rooms.on('retrying', (reason) => {
      const complaint = complaintOf(reason)
      if (complaint) notice(complaint)
    })
    rooms.on('draining', () => this.#show('draining'))
  }

  #show(state) {
    const { connection } = this.#rooms
    const on = connection ? `Node ${nodeName(connection)}` : ''
    const texts = { connected: on, draining: `${on} is going away, moving…` }
    this.#pill.dataset.state = state === 'connected' ? 'connected' : 'connecting'
    if (connection) Object.assign(this.#pill.dataset, { node: nodeName(connection), url: connection.url })
    this.#pill.textContent = texts[state] ?? 'Reconnecting…'
  }

  /**
   * What was said in the meantime comes now, in order. A message to oneself comes behind all of it: whatever is before
   * that was caught up.
   */
  async #arrived(how) {
    this.#show('connected')
    this.#milestones += 1
    const milestone = `milestone ${this.#milestones}`
    this.#underway = { how, milestone, caughtUp: this.#underway?.caughtUp ?? 0 }
    await this.#rooms.whisper(this.#rooms.id, milestone).catch(() => {}) // the room was left
  }

  #count() {
    if (this.#underway) this.#underway.caughtUp += 1
  }

  #report() {
    const { how, caughtUp } = this.#underway
    this.#underway = undefined
    const { from, to, ms } = how
    const there = nodeName(to)
    const left = from && nodeName(from)
    const way =
      left === undefined || left === there ? `Back on node ${there}` : `Moved from node ${left} to node ${there}`
    const text = `${way} in ${Math.round(ms)} ms, ${count(caughtUp, 'message')} caught up`
    this.#chat.note(text)
    notice(text, { kind: 'news', seconds: 8 })
  }
}
