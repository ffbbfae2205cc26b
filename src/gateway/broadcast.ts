import { Emitter } from '@socket.io/redis-emitter'
import type { Server, Socket } from 'socket.io'
import type { SessionRef } from '../core/ports/session-store.ts'

/**
 * The lane for what may be lost: what closes a connection wherever it is. It has no memory and no order; who relies on
 * it finds out by other means too (a place that was taken over is refused every write, and found by the lease's check).
 */
export interface Broadcast {
  /**
   * Closes the connection that held a place, on whichever node it is, so that its client does not come back.
   * @param farewell an event that it is sent before
   */
  closeConnection(namespace: string, ref: SessionRef, displacedEvent?: string): void
  /** Says something to every client of a namespace, on all nodes. */
  tell(namespace: string, event: string, ...args: unknown[]): void
}

/** What the emitter and a namespace of the server have in common. */
type BroadcastTarget = { emit(event: string, ...args: unknown[]): unknown; disconnectSockets(close?: boolean): unknown }

function close(sockets: () => BroadcastTarget, displacedEvent: string | undefined): void {
  if (displacedEvent !== undefined) sockets().emit(displacedEvent)
  sockets().disconnectSockets(true)
}

/** Among the nodes of a cluster. Through the emitter: the duties that call it need no socket server of their own. */
export function clusterBroadcast(pub: unknown, key: string): Broadcast {
  const emitter = new Emitter(pub, { key })
  return {
    closeConnection: (namespace, ref, displacedEvent) =>
      close(() => emitter.of(namespace).in(roomOfSession(ref)), displacedEvent),
    tell: (namespace, event, ...args) => {
      emitter.of(namespace).emit(event, ...args)
    },
  }
}

/** Within the only node. */
export function localBroadcast(io: Server): Broadcast {
  return {
    closeConnection: (namespace, ref, displacedEvent) =>
      close(() => io.of(namespace).in(roomOfSession(ref)), displacedEvent),
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
export function roomOfSession({ id, owner }: SessionRef): string {
  return `place:${id}:${owner}`
}
