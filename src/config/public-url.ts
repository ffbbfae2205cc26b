/** Where clients reach the cluster: `host` with its port, whether by TLS, and the path before all of ours, '' or `/signal`. */
export type PublicUrl = { host: string; secure: boolean; prefix: string }

/** What begins our own paths: below such a prefix a request could be meant with it or without it. */
const ownPaths: ReadonlySet<string> = new Set([
  'socket.io',
  'v1',
  'v1.1',
  'docs',
  'tokens',
  'client',
  'node',
  'js',
  'css',
])

export function readPublicUrl(text: string | undefined, mistakes: string[]): PublicUrl | undefined {
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isPlain =
    url && /^https?:$/.test(url.protocol) && `${url.username}${url.password}${url.search}${url.hash}` === ''
  if (!url || !isPlain) {
    mistakes.push(
      'PUBLIC_URL: expected http:// or https://, a host and perhaps a path, without user, query and fragment',
    )
    return undefined
  }
  const prefix = url.pathname.replace(/\/+$/, '')
  const [, first = ''] = prefix.split('/')
  if (ownPaths.has(first))
    mistakes.push(`PUBLIC_URL: its path begins with /${first}, which is a path of the node itself`)
  return { host: url.host, secure: url.protocol === 'https:', prefix }
}
