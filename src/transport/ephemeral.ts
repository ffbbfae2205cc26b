import { Emitter } from '@socket.io/redis-emitter'
import type { Server } from 'socket.io'
import type { Place } from '../core/ports/places.ts'

/**
 * The lane for what may be lost: what closes a connection wherever it is. It has no memory and no order; who relies on
 * it finds out by other means too (a place that was taken over is refused every write, and found by the lease's check).
 */
export interface Ephemeral {
  /** Closes the connection that held a place, on whichever node it is, so that its client does not come back. */
  closePlace(namespace: string, place: Place): void
}

/** Among the nodes of a cluster. Through the emitter: the duties that call it need no socket server of their own. */
export function clusterEphemeral(pub: unknown, key: string): Ephemeral {
  const emitter = new Emitter(pub, { key })
  return { closePlace: (namespace, place) => emitter.of(namespace).in(roomOfPlace(place)).disconnectSockets(true) }
}

/** Within the only node. */
export function localEphemeral(io: Server): Ephemeral {
  return { closePlace: (namespace, place) => io.of(namespace).in(roomOfPlace(place)).disconnectSockets(true) }
}

/** The Socket.IO room that a place's connection is in, alone. */
export function roomOfPlace({ id, owner }: Place): string {
  return `place:${id}:${owner}`
}
