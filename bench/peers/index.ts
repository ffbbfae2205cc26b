import { type Server, type ServerOptions, startBareServer } from '../servers.ts'

/** A server that does the same work without durability. */
export type Peer = { name: string; start: (redisUrl: string, options?: ServerOptions) => Promise<Server> }

/** Bare Socket.IO. The classic adapter sends each message to all nodes, the sharded one to those that have the room. */
export const peers: Peer[] = (['classic', 'sharded'] as const).map((adapter) => ({
  name: `${adapter} adapter`,
  start: (redisUrl, options) => startBareServer(redisUrl, adapter, options),
}))
