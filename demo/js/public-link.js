/** Where the operator says that clients reach these pages; until that is known, and otherwise, where this one is. */
let base = location.href

fetch('settings.json')
  .then((answer) => answer.json())
  .then(
    ({ publicUrl }) => {
      base = publicUrl ?? base
    },
    () => {}, // a link to where this page is will do
  )

/** The address of this page for others. */
export function publicLink() {
  const { pathname, search, hash } = location
  const page = pathname.slice(pathname.lastIndexOf('/') + 1)
  return new URL(`./${page}${search}${hash}`, base).href
}
