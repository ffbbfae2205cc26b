const signs = '\\p{L}\\p{N}\\p{P}\\p{S}'
/** Invisible characters that Unicode counts as letters or symbols, such as fillers of Hangul and the empty pattern of Braille. */
const blanks = '\\p{Default_Ignorable_Code_Point}\\u2800'

/**
 * The pattern of names of rooms, channels and users: at least one visible character, and no control character, line break or half
 * of a surrogate pair (no URI can contain such a half, and so no room's id). White space, zero-width characters and marks of
 * direction are allowed beside a visible character. The lookahead stops at the first visible character and cannot try again
 * elsewhere, so the time grows with the length, not with its square.
 */
export const namePattern = `^(?=[^]*?(?![${blanks}])[${signs}])[^\\p{Cc}\\p{Cs}\\p{Zl}\\p{Zp}]*$`
const name = new RegExp(namePattern, 'u')

/** Of rooms, channels and users. Lengths are counted in characters, which are Unicode's code points, as JSON Schema does. */
export const maxNameCharacters = 256
export const maxRoleCharacters = 64

export function isName(text: string): boolean {
  return hasAtMost(text, maxNameCharacters) && name.test(text)
}

export function isRole(text: string): boolean {
  return text !== '' && hasAtMost(text, maxRoleCharacters) && text.isWellFormed()
}

/** A character takes one or two units in JavaScript. */
function hasAtMost(text: string, characters: number): boolean {
  return text.length <= characters || (text.length <= 2 * characters && Array.from(text).length <= characters)
}
