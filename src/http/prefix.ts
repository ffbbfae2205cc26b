import type { IncomingMessage, Server } from 'node:http'
import type { FastifyInstance } from 'fastify'

/**
 * Serves all paths of a listener also below `prefix`, so that a proxy may strip the prefix or not. Serves Socket.IO also at its path
 * without the last slash. Call it when the server has all its listeners, so that they receive the path without the prefix.
 * @param prefix '' or a path such as `/signal`
 * @param socketPath Socket.IO's path with the slash at the end
 */
export function servePrefix(server: Server, prefix: string, socketPath: string): void {
  const strip = (request: IncomingMessage) => {
    const { url = '' } = request
    const own = url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url
    const [path = ''] = own.split('?', 1)
    request.url = `${path}/` === socketPath ? `${socketPath}${own.slice(path.length)}` : own
  }
  server.prependListener('request', strip)
  server.prependListener('upgrade', strip)
}

/** Redirects the prefix to its form with a slash, because the links of the demo's pages are relative to that folder. */
export function redirectToPrefix(app: FastifyInstance, prefix: string): void {
  if (prefix === '') return
  app.get(prefix, { schema: { hide: true } }, async ({ raw }, reply) => {
    const query = raw.url?.slice(prefix.length) ?? ''
    return reply.redirect(`${prefix}/${query}`, 308)
  })
}
