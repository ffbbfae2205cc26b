import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Collects the OpenAPI document from the routes that are added after this call. */
export async function collectDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    stripBasePath: false, // it would parse the address of the server as an absolute one
    openapi: {
      openapi: '3.1.0',
      // relative to the document's address: the folder above `/docs/`, also below the prefix of a proxy
      servers: [{ url: '..', description: 'the node that serves this document' }],
      info: {
        title: 'Signalbox',
        version,
        description:
          'Management API. Trailing slashes are ignored. Errors are `{ "error": { "code", "message" } }`; the code is a number.',
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'a key of MANAGEMENT_KEYS, without its id' },
          mauth: { type: 'apiKey', in: 'header', name: 'Authorization', description: 'OWT’s MAuth header' },
          participant: { type: 'http', scheme: 'bearer', description: 'a login token or reconnection ticket' },
        },
      },
      security: [{ bearer: [] }, { mauth: [] }],
    },
  })
}

/** Scripts, styles and images of this node only. Images of the page's own style sheet are `data:` addresses. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/**
 * Serves Swagger UI at `/docs/` and the OpenAPI document at `/docs/json`. All files come from this node.
 * @see https://github.com/fastify/fastify-swagger-ui
 */
export function docs(app: FastifyInstance): void {
  app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: contentSecurityPolicy,
    theme: { title: 'Signalbox API' },
    // without the bar in which a user could type the address of another document
    uiConfig: { layout: 'BaseLayout' },
    uiHooks: { onRequest: redirectToFolder },
  })
}

/**
 * Redirects to the address with a slash and without a query, at which the page's links are relative: a proxy may serve
 * the page below a prefix that the node does not know.
 */
async function redirectToFolder({ url }: FastifyRequest, reply: FastifyReply): Promise<void> {
  const [path] = url.split('?', 1)
  if (path === '/docs') await reply.redirect('docs/', 308)
  if (path === '/docs/' && path !== url) await reply.redirect('./', 308)
}
