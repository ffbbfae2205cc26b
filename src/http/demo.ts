import { fileURLToPath } from 'node:url'
import statics from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/index.ts'

const from = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const pages = from('demo')
const client = from('dist/client')
const bundle = 'signalbox-client.bundle.min.js'

/**
 * Serves the demo's pages at `/`, and the built client that they use. Each file has its own route: the pages hide no other route,
 * and requests cannot reach files outside the folder.
 * @param publicUrl the address in links to the pages; if unset, links contain the address at which the page was opened
 */
export function demo(app: FastifyInstance, publicUrl?: Config['publicUrl']): void {
  const address = publicUrl && `${publicUrl.secure ? 'https' : 'http'}://${publicUrl.host}${publicUrl.prefix}/`
  app.register(async (scope) => {
    scope.addHook('onSend', async (request, reply) => {
      reply.header('content-security-policy', policyFor(request.query))
      reply.header('permissions-policy', 'camera=(self), microphone=(self), display-capture=(self)')
    })
    // files change with the version of the node: browsers ask each time, and mostly receive 304
    await scope.register(statics, { root: pages, wildcard: false, maxAge: 0 })
    scope.get('/settings.json', async () => ({ publicUrl: address }))
    for (const file of [bundle, `${bundle}.map`]) {
      scope.get(`/client/${file}`, (_request, reply) => reply.sendFile(file, client))
    }
  })
}

/** Allows scripts of this server only, and connections to it and to the nodes in `?node=` of the page's address. */
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

/** The origins of a node for HTTP and for WebSocket; none if the text is not an HTTP address. */
function sourcesOf(text: string): string[] {
  if (!URL.canParse(text)) return []
  const { protocol, origin } = new URL(text)
  return /^https?:$/.test(protocol) ? [origin, origin.replace(/^http/, 'ws')] : []
}
