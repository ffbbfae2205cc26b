import { Type } from 'typebox'

/**
 * What people call a room, a channel or themselves: at least one visible character, no control characters, and no half
 * of a surrogate pair (which no URI can carry, and so no room's id). The lookahead stops at the first visible character
 * and cannot try again elsewhere, so the time grows with the length, not with its square.
 */
export const Name = (maxLength: number) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^(?=[^\\p{L}\\p{N}\\p{P}\\p{S}]*[\\p{L}\\p{N}\\p{P}\\p{S}])[^\\p{Cc}\\p{Cs}]*$',
  })

/** Clients pass `undefined`, which arrives as null, for an argument that they have nothing for. */
export const Absent = Type.Null()

/** A participant's id, or nothing: everyone else. */
export const To = Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Absent]))

/** The pattern of a text without half of a surrogate pair. */
export const wellFormed = '^\\P{Cs}*$'
