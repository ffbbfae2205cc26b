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

/** The maximum for rooms, channels and users. A character is a Unicode code point, as in JSON Schema. */
export const maxNameCharacters = 256
export const maxRoleCharacters = 64

export function isName(text: string): boolean {
  return hasAtMost(text, maxNameCharacters) && name.test(text)
}

export function isRole(text: string): boolean {
  return text !== '' && hasAtMost(text, maxRoleCharacters) && text.isWellFormed()
}

/** A character has one or two UTF-16 code units. */
function hasAtMost(text: string, characters: number): boolean {
  return text.length <= characters || (text.length <= 2 * characters && Array.from(text).length <= characters)
}
