import { Type } from 'typebox'
import { maxRoleCharacters, namePattern } from '../core/names.ts'

/** @param maxLength in code points, as all lengths in schemas, not in the UTF-16 units of JavaScript */
export const Name = (maxLength: number) => Type.String({ minLength: 1, maxLength, pattern: namePattern })

/** The name of a role in room options and tokens. */
export const RoleName = Type.String({ minLength: 1, maxLength: maxRoleCharacters, pattern: '^\\P{Cs}*$' })

/** An argument that the client has passed as `undefined`, which arrives as null. */
export const Missing = Type.Null()

/** A participant's id; missing: everyone else. */
export const To = Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 256 }), Missing]))
