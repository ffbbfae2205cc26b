import type { ParticipantNotification, PortalRoom, StreamInfo, StreamNotification } from './portal-notifications.ts'

/** A notification as OWT's client takes it. */
export type OwtMessage = { notification: string; data: unknown }

/**
 * Whom and what an OWT page believes to be in its room, so that after a gap it can be told what changed, in the only
 * words that it knows.
 */
export class OwtRoster {
  #participants = new Map<string, unknown>()
  #streams = new Map<string, StreamInfo>()

  enter({ participants, streams }: PortalRoom): void {
    this.#participants = new Map(participants.map((participant) => [participant.id, participant]))
    this.#streams = new Map(streams.map((stream) => [stream.id, stream]))
  }

  note({ notification, data }: OwtMessage): void {
    if (notification === 'participant') {
      const news = data as ParticipantNotification
      if (news.action === 'join') this.#participants.set(news.data.id, news.data)
      else this.#participants.delete(news.data)
    }
    if (notification === 'stream') {
      const news = data as StreamNotification
      if (news.status === 'add') this.#streams.set(news.id, news.data)
      if (news.status === 'remove') this.#streams.delete(news.id)
    }
  }

  /** Takes the room as it stands now. Returns what a page has to be told to believe the same. */
  catchUp(room: PortalRoom): OwtMessage[] {
    const [participants, streams] = [this.#participants, this.#streams]
    this.enter(room)
    const tellParticipant = (data: object) => ({ notification: 'participant', data })
    const tellStream = (data: object) => ({ notification: 'stream', data })
    const gone = <T>(before: Map<string, T>, now: Map<string, T>) => [...before.keys()].filter((id) => !now.has(id))
    return [
      ...gone(streams, this.#streams).map((id) => tellStream({ id, status: 'remove' })),
      ...gone(participants, this.#participants).map((id) => tellParticipant({ action: 'leave', data: id })),
      ...gone(this.#participants, participants).map((id) =>
        tellParticipant({ action: 'join', data: this.#participants.get(id) }),
      ),
      ...gone(this.#streams, streams).map((id) => tellStream({ id, status: 'add', data: this.#streams.get(id) })),
    ]
  }
}
