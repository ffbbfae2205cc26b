import type { FastifyInstance } from 'fastify'
import { beforeDeadline, type Deadline, newDeadline } from '../core/deadline.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The time by which the request must be served. Handlers pass it to every call that writes to the store. */
    deadline: Deadline
    /** When the node began to read the body, on the clock of `deadline`. */
    bodyStartedAt: number
  }
}

/**
 * Gives each request of a scope its deadline when it arrives, and answers 503 at the deadline, whatever the handler waits for.
 * The time in which the client sends the body does not count. Call it before the scope has routes.
 */
export function limitServingTime(scope: FastifyInstance): void {
  scope.decorateRequest('deadline', 0)
  scope.decorateRequest('bodyStartedAt', 0)
  scope.addHook('onRequest', async (request) => {
    request.deadline = newDeadline()
  })
  scope.addHook('preParsing', async (request) => {
    request.bodyStartedAt = performance.now()
  })
  scope.addHook('preValidation', async (request) => {
    request.deadline += performance.now() - request.bodyStartedAt
  })
  scope.addHook('onRoute', (route) => {
    const { handler } = route
    route.handler = async function (request, reply) {
      try {
        return await beforeDeadline(request.deadline, async () => handler.call(this, request, reply))
      } catch (error) {
        if (reply.sent) return reply // the answer is complete: the client reads it slowly
        throw error
      }
    }
  })
}
