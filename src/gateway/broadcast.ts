import { Emitter } from '@socket.io/redis-emitter'
import type { Server, Socket } from 'socket.io'
import type { Place } from '../core/ports/session-store.ts'

/**
 * The lane for what may be lost: what closes a connection wherever it is. It has no memory and no order; who relies on
 * it finds out by other means too (a place that was taken over is refused every write, and found by the lease's check).
 */
export interface Ephemeral {
  /**
   * Closes the connection that held a place, on whichever node it is, so that its client does not come back.
   * @param farewell an event that it is sent before
   */
  closePlace(namespace: string, place: Place, farewell?: string): void
  /** Says something to every client of a namespace, on all nodes. */
  tell(namespace: string, event: string, ...args: unknown[]): void
}

/** What the emitter and a namespace of the server have in common. */
type Broadcast = { emit(event: string, ...args: unknown[]): unknown; disconnectSockets(close?: boolean): unknown }

function close(sockets: () => Broadcast, farewell: string | undefined): void {
  if (farewell !== undefined) sockets().emit(farewell)
  sockets().disconnectSockets(true)
}

/** Among the nodes of a cluster. Through the emitter: the duties that call it need no socket server of their own. */
export function clusterEphemeral(pub: unknown, key: string): Ephemeral {
  const emitter = new Emitter(pub, { key })
  return {
    closePlace: (namespace, place, farewell) => close(() => emitter.of(namespace).in(roomOfPlace(place)), farewell),
    tell: (namespace, event, ...args) => {
      emitter.of(namespace).emit(event, ...args)
    },
  }
}

/** Within the only node. */
export function localEphemeral(io: Server): Ephemeral {
  return {
    closePlace: (namespace, place, farewell) => close(() => io.of(namespace).in(roomOfPlace(place)), farewell),
    tell: (namespace, event, ...args) => {
      io.of(namespace).emit(event, ...args)
    },
  }
}

/** Takes a socket out of what the nodes and other programs send to the whole namespace. */
export function mute({ id, nsp }: Socket): void {
  nsp.adapter.delAll(id)
}

export function unmute(socket: Socket): Promise<void> | void {
  return socket.join(socket.id)
}

/** The Socket.IO room that a place's connection is in, alone. */
export function roomOfPlace({ id, owner }: Place): string {
  return `place:${id}:${owner}`
}
