import type { ParticipantNotification, PortalRoom, StreamInfo, StreamNotification } from './portal-notifications.ts'

/** A notification in the form that OWT's client expects. */
export type OwtMessage = { notification: string; data: unknown }

/**
 * The participants and streams that an OWT page knows. After a resync it yields the differences as notifications, because OWT's
 * client cannot process a snapshot.
 */
export class OwtRoster {
  #participants = new Map<string, unknown>()
  #streams = new Map<string, StreamInfo>()

  replace({ participants, streams }: PortalRoom): void {
    this.#participants = new Map(participants.map((participant) => [participant.id, participant]))
    this.#streams = new Map(streams.map((stream) => [stream.id, stream]))
  }

  apply({ notification, data }: OwtMessage): void {
    if (notification === 'participant') {
      const change = data as ParticipantNotification
      if (change.action === 'join') this.#participants.set(change.data.id, change.data)
      else this.#participants.delete(change.data)
    }
    if (notification === 'stream') {
      const change = data as StreamNotification
      if (change.status === 'add') this.#streams.set(change.id, change.data)
      if (change.status === 'remove') this.#streams.delete(change.id)
    }
  }

  /** Replaces the roster with a snapshot. Returns the notifications that bring a page up to date. */
  catchUp(room: PortalRoom): OwtMessage[] {
    const [participants, streams] = [this.#participants, this.#streams]
    this.replace(room)
    const participantMessage = (data: object) => ({ notification: 'participant', data })
    const streamMessage = (data: object) => ({ notification: 'stream', data })
    const missing = <T>(before: Map<string, T>, now: Map<string, T>) => [...before.keys()].filter((id) => !now.has(id))
    return [
      ...missing(streams, this.#streams).map((id) => streamMessage({ id, status: 'remove' })),
      ...missing(participants, this.#participants).map((id) => participantMessage({ action: 'leave', data: id })),
      ...missing(this.#participants, participants).map((id) =>
        participantMessage({ action: 'join', data: this.#participants.get(id) }),
      ),
      ...missing(this.#streams, streams).map((id) => streamMessage({ id, status: 'add', data: this.#streams.get(id) })),
    ]
  }
}
