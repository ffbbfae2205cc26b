import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/index.ts'
import type { Gateway } from '../gateway/server.ts'
import { HttpConnections } from '../http/connections.ts'
import type { Refused } from '../http/errors.ts'
import { servePrefix } from '../http/prefix.ts'
import { countBodies } from '../http/request-bodies.ts'
import { createHttp } from '../http/server.ts'
import type { NodeContext } from './context.ts'

/** The limit of the listener for Prometheus, probes and operators. */
const maxOpsConnections = 1000

/** Two for each long-polling client, and 1000 for the API, the demo and refused handshakes. */
const maxTcpConnections = ({ maxConnections }: Config) => 2 * maxConnections + 1000

export type Listeners = {
  http: FastifyInstance
  /** The same as `http` when OPS_PORT is 0. */
  ops: FastifyInstance
  refused: Refused
}

export function createListeners({ config, log, refusals }: NodeContext): Listeners {
  const refused: Refused = (reason, about, fault) =>
    refusals.note(reason, about, fault ? 'HTTP request failed' : 'HTTP request refused', fault)
  const { corsOrigins, trustProxy } = config
  const options = { logger: log, corsOrigins, refused, ...(trustProxy === undefined ? {} : { trustProxy }) }
  const http = createHttp(options)
  const ops = config.opsPort === 0 ? http : createHttp(options)
  return { http, ops, refused }
}

/** Limits the TCP connections and bodies of the listeners, after the gateway has attached itself. */
export function limitListeners({ http, ops, refused }: Listeners, config: Config, gateway: Gateway): HttpConnections[] {
  const limited = [...new Set([http, ops])].map(({ server }) => {
    countBodies(server, gateway.memory, refused, gateway.path)
    return new HttpConnections(server, server === http.server ? maxTcpConnections(config) : maxOpsConnections, refused)
  })
  servePrefix(http.server, config.publicUrl?.prefix ?? '', gateway.path)
  return limited
}

/** NODE_URL with the port that the system chose, where PORT is 0. */
export function nodeUrlOf({ nodeUrl }: Config, { server }: FastifyInstance): string {
  const address = server.address()
  return typeof address === 'object' && address ? nodeUrl.replace(/:0$/, `:${address.port}`) : nodeUrl
}
