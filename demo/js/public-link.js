/** The public address that the operator configured; until it is known, and without one, the address of this page. */
let base = location.href

fetch('settings.json')
  .then((answer) => answer.json())
  .then(
    ({ publicUrl }) => {
      base = publicUrl ?? base
    },
    () => {}, // without the settings the address of this page is used
  )

/** The address of this page to share with others. */
export function publicLink() {
  const { pathname, search, hash } = location
  const page = pathname.slice(pathname.lastIndexOf('/') + 1)
  return new URL(`./${page}${search}${hash}`, base).href
}
