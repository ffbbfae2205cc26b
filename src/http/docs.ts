import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { docsPage } from './docs-page.ts'

/** Collects the routes that are added after it. */
export async function collectDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Signalbox', version, description: 'Management API. Trailing slashes are ignored.' },
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

/** `/docs`, for people, and `/docs/json`, OpenAPI. Nothing is fetched from anywhere. */
export function docs(app: FastifyInstance): void {
  const hidden = { schema: { hide: true } }
  app.get('/docs/json', hidden, async () => app.swagger())
  app.get('/docs', hidden, async ({ url }, reply) => {
    const [path = ''] = url.split('?', 1)
    return reply
      .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'")
      .type('text/html; charset=utf-8')
      .send(docsPage(app.swagger(), path.endsWith('/') ? 'json' : 'docs/json'))
  })
}
