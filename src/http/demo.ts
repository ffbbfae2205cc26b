import { fileURLToPath } from 'node:url'
import statics from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/index.ts'

const from = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const pages = from('demo')
const client = from('dist/client')
const bundle = 'signalbox-client.bundle.min.js'

/**
 * The demo's pages at `/`, and the built client that they use. Each file has a route of its own, so that nothing else
 * is hidden by them and nothing outside the folder can be reached.
 * @param publicUrl where links to the pages lead; unset: to the address at which a page was opened
 */
export function demo(app: FastifyInstance, publicUrl?: Config['publicUrl']): void {
  const address = publicUrl && `${publicUrl.secure ? 'https' : 'http'}://${publicUrl.host}${publicUrl.prefix}/`
  app.register(async (scope) => {
    scope.addHook('onSend', async (request, reply) => {
      reply.header('content-security-policy', policyFor(request.query))
      reply.header('permissions-policy', 'camera=(self), microphone=(self), display-capture=(self)')
    })
    // files change when the node is replaced by a newer one: ask each time, and mostly hear that nothing has changed
    await scope.register(statics, { root: pages, wildcard: false, maxAge: 0 })
    scope.get('/settings.json', async () => ({ publicUrl: address }))
    for (const file of [bundle, `${bundle}.map`]) {
      scope.get(`/client/${file}`, (_request, reply) => reply.sendFile(file, client))
    }
  })
}

/** No script but files of this server, and connections to it and the nodes that `?node=` of the page's address names. */
function policyFor(query: unknown): string {
  const { node = [] } = query as { node?: string | string[] }
  const nodes = [node].flat().flatMap((urls) => urls.split(',').flatMap(sourcesOf))
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    `connect-src ${["'self'", ...nodes].join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}

/** A node's origin, for HTTP and for WebSocket; what is no such address is left out. */
function sourcesOf(text: string): string[] {
  if (!URL.canParse(text)) return []
  const { protocol, origin } = new URL(text)
  return /^https?:$/.test(protocol) ? [origin, origin.replace(/^http/, 'ws')] : []
}
