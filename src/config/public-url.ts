import { quoted } from './masked.ts'
import type { Read } from './option.ts'
import { baseUrlOf, withoutEndSlashes } from './urls.ts'

/** Where clients reach the cluster. `host` has its port; `prefix` is the path before those of the node, '' or such as `/signal`. */
export type PublicUrl = { host: string; secure: boolean; prefix: string }

/** First segments of the node's own paths. With one of them as a prefix, the node could not tell whether a proxy has stripped it. */
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
