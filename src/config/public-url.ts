import { quoted } from './masked.ts'
import type { Read } from './option.ts'
import { baseUrlOf, withoutEndSlashes } from './urls.ts'

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

export const publicUrl: Read<PublicUrl> = (text, complain) => {
  const url = baseUrlOf(text, complain)
  if (!url) return undefined
  const prefix = withoutEndSlashes(url.pathname)
  const [, first = ''] = prefix.split('/')
  if (ownPaths.has(first))
    complain(`${quoted(text)} has a path that begins with /${first}, which is a path of the node itself`)
  return { host: url.host, secure: url.protocol === 'https:', prefix }
}
