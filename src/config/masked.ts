/** No more characters of a value are shown in a mistake. */
const maxShown = 120

const hidden = '****'

/** The value for a mistake: without passwords and control characters, and not longer than a line. */
export function quoted(text: string): string {
  const shown = masked(text).replace(/\p{Cc}/gu, '\u{FFFD}')
  return `'${shown.length > maxShown ? `${shown.slice(0, maxShown)}…` : shown}'`
}

/** The text without the passwords of its URLs, of which there may be several with commas between, also malformed ones. */
export function masked(text: string): string {
  // a comma that no URL follows may be a part of a password
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
  // no host follows: what stands in the place of the port may be a password
  return withoutQuery.replace(/(\/\/(?!\[)[^:/@?#]*):(?!\d{0,5}(?:[/?#]|$)).*$/s, `$1:${hidden}`)
}

/** With its slashes; '' if what is before the first `@` has none. */
function schemeOf(url: string): string {
  const slashes = url.slice(0, url.indexOf('@')).indexOf('//')
  return slashes === -1 ? '' : url.slice(0, slashes + 2)
}
