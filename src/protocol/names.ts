import { Type } from 'typebox'
import { maxRoleCharacters, namePattern } from '../core/names.ts'

/** @param maxLength in characters, as all lengths in our schemas are: code points, not the units of JavaScript */
export const Name = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: namePattern })

/** Of a role, as rooms define them and tokens name them. */
export const RoleName = Type.String({ minLength: 1, maxLength: maxRoleCharacters, pattern: '^\\P{Cs}*$' })

/** Clients pass `undefined`, which arrives as null, for an argument that they have nothing for. */
export const Absent = Type.Null()

/** A participant's id, or nothing: everyone else. */
export const To = Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Absent]))
