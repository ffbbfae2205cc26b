import type { Member, ParticipantId, RoomId, Stream } from '../model.ts'
import type { NodeInfo } from '../ports/node-registry.ts'
import type { FoundRoom } from '../ports/room-store.ts'
import type { Store } from '../ports/store.ts'

/** What the management API reads. Every method throws `unavailable` when the store does not answer. */
export class ManagementQueries {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  /** Rooms in the order of their ids: at most `limit`, from position `start`. */
  async rooms(start: number, limit: number): Promise<FoundRoom[]> {
    return (await this.#store.roomIndex.list(start, limit)).rooms
  }

  room(room: RoomId): Promise<FoundRoom | undefined> {
    return this.#store.rooms.find(room)
  }

  /** Participants in their window included. */
  async participants(room: RoomId): Promise<Member[]> {
    return (await this.#store.roster.roster(room)).members
  }

  participant(room: RoomId, id: ParticipantId): Promise<Member | undefined> {
    return this.#store.roster.member(room, id)
  }

  async streams(room: RoomId): Promise<Stream[]> {
    return (await this.#store.roster.roster(room)).streams
  }

  async stream(room: RoomId, id: string): Promise<Stream | undefined> {
    const [stream] = await this.#store.media.streams(room, [id])
    return stream
  }

  /** Nodes whose lease has not expired, by id. */
  nodes(): Promise<NodeInfo[]> {
    return this.#store.nodes.list()
  }
}
