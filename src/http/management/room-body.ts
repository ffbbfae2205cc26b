import { Value } from 'typebox/value'
import { defaultRoomOptions, type RoomId, type RoomOptions, roomName } from '../../core/model.ts'
import type { FoundRoom } from '../../core/ports/room-store.ts'
import { defaultViewLabel, type PatchOperation, type RoomBody, RoomChanges } from '../../protocol/management.ts'
import { addressOfRoom } from '../../protocol/room-address.ts'
import { ApiError } from '../errors.ts'
import { maxBodyBytes } from '../json.ts'
import { bytesOf, patched } from './json-patch.ts'

/** A room as the API tells it: OWT's fields, of which only some mean something here. */
export function roomBody({ id, members, configured }: FoundRoom): RoomBody {
  const { about = {}, views, ...options } = configured ?? defaultRoomOptions
  const address = addressOfRoom(id)
  return {
    name: roomName(id),
    views: views.map((label) => ({ label })),
    ...about,
    ...options,
    _id: address,
    id: address,
    participants: members,
  }
}

/** What the fields of a request set. What nothing here goes by is kept as it came. @throws 400 when it is too large */
export function optionsOf(changes: RoomChanges): Partial<RoomOptions> {
  return applied(structuredClone(defaultRoomOptions), changes)
}

export function applied(before: RoomOptions, changes: RoomChanges): RoomOptions {
  const { _id, id, participants, participantLimit, inputLimit, roles, notifying, views: given, ...rest } = changes
  const views = given?.map((view) => ({ ...view, label: view.label ?? defaultViewLabel }))
  const about = { ...before.about, ...rest, ...(views ? { views } : {}) }
  const after = {
    ...before,
    ...(participantLimit === undefined ? {} : { participantLimit }),
    ...(inputLimit === undefined ? {} : { inputLimit }),
    ...(roles === undefined ? {} : { roles }),
    ...(views ? { views: views.map(({ label }) => label) } : {}),
    ...(notifying === undefined ? {} : { notifying: { ...before.notifying, ...notifying } }),
    ...(Object.keys(about).length > 0 ? { about } : {}),
  }
  if (bytesOf(after) > maxBytesAfter(before)) throw badConfiguration()
  return after
}

/** What is kept of a room is bounded like a body; one that is larger already, from before that was so, grows no more. */
const maxBytesAfter = (before: object) => Math.max(maxBodyBytes, bytesOf(before))

const badConfiguration = () => new ApiError(400, 'badRequest', 'Bad room configuration')

/** The fields that a patch sets. @throws 400 when it does not fit the room, or makes it one that cannot be */
export function changesOf(id: RoomId, before: RoomOptions, patch: PatchOperation[] | RoomChanges): RoomChanges {
  if (!Array.isArray(patch)) return patch
  const body = roomBody({ id, members: 0, configured: before })
  const after = patched(body, patch, maxBytesAfter(body))
  const same = (field: '_id' | 'id' | 'participants') =>
    typeof after === 'object' && after !== null && Value.Equal(Reflect.get(after, field), body[field])
  if (!Value.Check(RoomChanges, after) || !same('_id') || !same('id') || !same('participants')) throw badConfiguration()
  // an operation on a field that is not kept could not be done
  if (!Object.keys(after).every((field) => Object.hasOwn(RoomChanges.properties, field))) throw badConfiguration()
  return Value.Clean(RoomChanges, after) as RoomChanges
}
