import type { ParticipantId, RoomId } from '../../core/model.ts'

/** Every key and channel that a node uses. */
export function keysOf(prefix: string) {
  return {
    ...roomKeys(prefix),
    ...roomSizeKeys(prefix),
    ...clusterKeys(prefix),
    ...nonceKeys(prefix),
    /** string, expiring: the answer of a script's execution, in the slot of a key that the script changed */
    answer: (key: string, op: string) => `${prefix}:{${tagOf(key)}}:done:${op}`,
  }
}

/** The keys of a room share the hash tag `{room}`, so that a script may use several of them in a Redis Cluster. */
export function roomKeys(prefix: string) {
  const inRoom = (room: RoomId, what: string) => `${prefix}:{${room}}:${what}`
  return {
    /** hash: server, seq, generation, options and the limits that scripts read */
    room: (room: RoomId) => inRoom(room, 'room'),
    /** hash: participant id → member */
    members: (room: RoomId) => inRoom(room, 'members'),
    /** hash: owner, state, deadline, tickets, cursor, last write: what only the nodes know of a participant */
    session: (room: RoomId, id: ParticipantId) => inRoom(room, `session:${id}`),
    /** list: `rid ack` of the participant's last requests */
    replies: (room: RoomId, id: ParticipantId) => inRoom(room, `replies:${id}`),
    /** hash: stream id → stream */
    streams: (room: RoomId) => inRoom(room, 'streams'),
    /** hash: subscription id → subscription */
    subscriptions: (room: RoomId) => inRoom(room, 'subscriptions'),
    /** stream: entry id `<seq>-0` */
    log: (room: RoomId) => inRoom(room, 'log'),
    /** sharded channel: the entries of the log, live */
    feed: (room: RoomId) => inRoom(room, 'feed'),
    /** string, expiring: the participant that used a login token */
    token: (room: RoomId, token: string) => inRoom(room, `token:${token}`),
    /** string, expiring: the participant has left, so a node does not restore its session */
    left: (room: RoomId, id: ParticipantId) => inRoom(room, `left:${id}`),
    /** string, expiring: when management closed the room, ms */
    closed: (room: RoomId) => inRoom(room, 'closed'),
    /** string, expiring: the seq of a message that is appended at most once */
    appendedSeq: (room: RoomId, dedupeKey: string) => inRoom(room, `said:${dedupeKey}`),
  }
}

/** The sizes of a dialect's open rooms. The keys are in one slot. */
export function roomSizeKeys(prefix: string) {
  const ofDialect = (dialect: string, what: string) => `${prefix}:{open:${dialect}}:${what}`
  return {
    /** zset: room → how many members it has */
    sizes: (dialect: string) => ofDialect(dialect, 'sizes'),
    /** zset: room → when its members were counted */
    counted: (dialect: string) => ofDialect(dialect, 'counted'),
    /** string, expiring: a node has claimed the next broadcast of the list */
    broadcastClaim: (dialect: string) => ofDialect(dialect, 'telling'),
  }
}

/** Nodes, reconnect windows and the index of all rooms. */
export function clusterKeys(prefix: string) {
  return {
    /** zset: node → last heartbeat */
    nodes: `${prefix}:nodes`,
    /** hash, expiring: address, version, counts */
    node: (node: string) => `${prefix}:node:${node}`,
    /** set: rooms in which the node may have members */
    nodeRooms: (node: string) => `${prefix}:node:${node}:rooms`,
    /** sharded channel: the questions of other nodes to this one, and their answers to its own */
    handover: (node: string) => `${prefix}:node:${node}:handover`,
    /** zset: `room|participant` → end of its window */
    waiting: `${prefix}:waiting`,
    /** hash, in the slot of `waiting`: when a node last read the expired windows, and how far their time is behind the clock */
    waitingClock: `${prefix}:{${prefix}:waiting}:clock`,
    /** zset: room → last use */
    rooms: `${prefix}:rooms`,
    /** zset: the same rooms, all with the same score, so that Redis keeps them in the order of their ids */
    names: `${prefix}:names`,
  }
}

export function nonceKeys(prefix: string) {
  return {
    /** string, expiring: a nonce that was claimed */
    nonce: (nonce: string) => `${prefix}:{used}:${nonce}`,
    /** string, expiring: the same claim under the key that older nodes know */
    legacyNonce: (nonce: string) => `${prefix}:once:${nonce}`,
    /** hash, in the slot of the nonces: since when Redis remembers claims, and on which server */
    nonceMemory: `${prefix}:{used}`,
  }
}

/** The part of a key that decides its slot. */
function tagOf(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key
}

export type Keys = ReturnType<typeof keysOf>
