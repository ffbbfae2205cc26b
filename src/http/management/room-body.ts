import { Value } from 'typebox/value'
import { defaultRoomOptions, type RoomId, type RoomOptions, roomName } from '../../core/model.ts'
import type { FoundRoom } from '../../core/ports/room-store.ts'
import { defaultViewLabel, type PatchOperation, type RoomBody, RoomChanges } from '../../protocol/management.ts'
import { addressOfRoom } from '../../protocol/room-address.ts'
import { ApiError } from '../errors.ts'
import { maxBodyBytes } from '../json.ts'
import { bytesOf, patched } from './json-patch.ts'

/** A room in the API, with OWT's fields. Signaling uses few of them (docs/management.md#rooms-and-their-fields). */
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

/** The options of a new room with the given fields. @throws 400 when they are too large */
export function optionsOf(changes: RoomChanges): Partial<RoomOptions> {
  return optionsAfter(structuredClone(defaultRoomOptions), changes)
}

/**
 * The options of a room after a change. Fields that signaling does not use are stored unchanged.
 * @throws 400 when the result is too large
 */
export function optionsAfter(before: RoomOptions, changes: RoomChanges): RoomOptions {
  const { _id, id, participants, participantLimit, inputLimit, roles, notifying, views: newViews, ...rest } = changes
  const views = newViews?.map((view) => ({ ...view, label: view.label ?? defaultViewLabel }))
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

/** The options of a room have the limit of a body. Options from before this limit existed may be larger, and may not grow. */
const maxBytesAfter = (before: object) => Math.max(maxBodyBytes, bytesOf(before))

const badConfiguration = () => new ApiError(400, 'badRequest', 'Bad room configuration')

/** The fields that a patch sets. @throws 400 when the patch does not fit the room, or its result is not a valid room */
export function changesOf(id: RoomId, before: RoomOptions, patch: PatchOperation[] | RoomChanges): RoomChanges {
  if (!Array.isArray(patch)) return patch
  const body = roomBody({ id, members: 0, configured: before })
  const after = patched(body, patch, maxBytesAfter(body))
  const same = (field: '_id' | 'id' | 'participants') =>
    typeof after === 'object' && after !== null && Value.Equal(Reflect.get(after, field), body[field])
  if (!Value.Check(RoomChanges, after) || !same('_id') || !same('id') || !same('participants')) throw badConfiguration()
  // the API does not store unknown fields, so it cannot perform an operation on one
  if (!Object.keys(after).every((field) => Object.hasOwn(RoomChanges.properties, field))) throw badConfiguration()
  return Value.Clean(RoomChanges, after) as RoomChanges
}
