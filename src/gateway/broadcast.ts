import { Emitter } from '@socket.io/redis-emitter'
import type { Server, Socket } from 'socket.io'
import type { SessionRef } from '../core/ports/session-store.ts'

/**
 * The ephemeral lane: messages to sockets on all nodes. It has no memory and no order, and messages may be lost. If the close of a
 * connection after a takeover is lost, the fencing token still refuses its writes, and the periodic check of its node closes it.
 */
export interface Broadcast {
  /**
   * Closes the connection of a session, on whichever node it is. Its client's library does not reconnect.
   * @param takenOverEvent an event that the client receives first
   */
  closeConnection(namespace: string, ref: SessionRef, takenOverEvent?: string): void
  /** Emits an event to every client of a namespace, on all nodes. */
  emit(namespace: string, event: string, ...args: unknown[]): void
}

/** The methods that the emitter and a namespace of the server share. */
type BroadcastTarget = { emit(event: string, ...args: unknown[]): unknown; disconnectSockets(close?: boolean): unknown }

function close(sockets: () => BroadcastTarget, takenOverEvent: string | undefined): void {
  if (takenOverEvent !== undefined) sockets().emit(takenOverEvent)
  sockets().disconnectSockets(true)
}

/** For a cluster. It uses the emitter, so its callers need no Socket.IO server. */
export function clusterBroadcast(pub: unknown, key: string): Broadcast {
  const emitter = new Emitter(pub, { key })
  return {
    closeConnection: (namespace, ref, takenOverEvent) =>
      close(() => emitter.of(namespace).in(roomOfSession(ref)), takenOverEvent),
    emit: (namespace, event, ...args) => {
      emitter.of(namespace).emit(event, ...args)
    },
  }
}

/** For a single node. */
export function localBroadcast(io: Server): Broadcast {
  return {
    closeConnection: (namespace, ref, takenOverEvent) =>
      close(() => io.of(namespace).in(roomOfSession(ref)), takenOverEvent),
    emit: (namespace, event, ...args) => {
      io.of(namespace).emit(event, ...args)
    },
  }
}

/** Excludes a socket from what nodes and other programs send to the whole namespace. */
export function mute({ id, nsp }: Socket): void {
  nsp.adapter.delAll(id)
}

/** Includes it again: the adapter knows a socket by the room that has its id. */
export function unmute(socket: Socket): Promise<void> | void {
  return socket.join(socket.id)
}

/** The Socket.IO room whose only member is the connection of this session. Nodes of older versions use the same name, in which `place` means session. */
export function roomOfSession({ id, owner }: SessionRef): string {
  return `place:${id}:${owner}`
}
