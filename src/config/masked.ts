/** How many characters of a value a message shows. */
const maxShownCharacters = 120

const hidden = '****'

/** A value for a message: without passwords and control characters, and not longer than a line. */
export function quoted(text: string): string {
  const shown = masked(text).replace(/\p{Cc}/gu, '\u{FFFD}')
  return `'${shown.length > maxShownCharacters ? `${shown.slice(0, maxShownCharacters)}…` : shown}'`
}

/** Hides the passwords in a list of URLs with commas between them. The URLs may be malformed. */
export function masked(text: string): string {
  // a comma without a URL after it may be a part of a password
  return text
    .split(/,(?=\s*[a-z][a-z0-9+.-]*:\/\/)/i)
    .map(maskedUrl)
    .join(',')
}

function maskedUrl(text: string): string {
  const withoutQuery = /^\s*(?:https?|rediss?):/i.test(text) ? text.replace(/\?[^@]*$/s, `?${hidden}`) : text
  const user = /^(\s*(?:[a-z][a-z0-9+.-]*:?)?\/\/[^:/@?#,]*):.*@/is
  if (user.test(withoutQuery)) return withoutQuery.replace(user, `$1:${hidden}@`)
  const lastAt = withoutQuery.lastIndexOf('@')
  if (lastAt !== -1) return schemeOf(withoutQuery) + hidden + withoutQuery.slice(lastAt)
  // no host follows, so the part in the place of the port may be a password
  return withoutQuery.replace(/(\/\/(?!\[)[^:/@?#]*):(?!\d{0,5}(?:[/?#]|$)).*$/s, `$1:${hidden}`)
}

/** The scheme with its slashes; '' if the text before the first `@` has no slashes. */
function schemeOf(url: string): string {
  const slashes = url.slice(0, url.indexOf('@')).indexOf('//')
  return slashes === -1 ? '' : url.slice(0, slashes + 2)
}
