import type { ParticipantId, RoomId } from '../../core/model.ts'

/** Every key and channel. */
export function keysOf(prefix: string) {
  return {
    ...roomKeys(prefix),

    /** string, expiring: the answer of an operation, in the slot of the key that it changed */
    done: (key: string, op: string) => `${prefix}:{${tagOf(key)}}:done:${op}`,

    /** zset: room → how many are in it; all of a dialect's lists on one shard */
    sizes: (dialect: string) => `${prefix}:{open:${dialect}}:sizes`,
    /** zset: room → when it was counted */
    counted: (dialect: string) => `${prefix}:{open:${dialect}}:counted`,
    /** string, expiring: somebody tells the list just now */
    telling: (dialect: string) => `${prefix}:{open:${dialect}}:telling`,

    /** zset: node → last heartbeat */
    nodes: `${prefix}:nodes`,
    /** hash, expiring: address, version, counts */
    node: (node: string) => `${prefix}:node:${node}`,
    /** set: rooms in which the node may have members */
    nodeRooms: (node: string) => `${prefix}:node:${node}:rooms`,
    /** sharded channel: what other nodes ask this one, and answer it */
    handover: (node: string) => `${prefix}:node:${node}:handover`,
    /** zset: `room|participant` → deadline */
    waiting: `${prefix}:waiting`,
    /** hash, in the slot of `waiting`: when windows were last looked at, and how far their time is behind the clock */
    waitingClock: `${prefix}:{${prefix}:waiting}:clock`,
    /** zset: room → last use */
    rooms: `${prefix}:rooms`,
    /** zset: the same rooms, all with the same score, so that they are in the order of their ids */
    names: `${prefix}:names`,
    /** string, expiring: something that may be used once, as older nodes look for it */
    once: (id: string) => `${prefix}:once:${id}`,
    /** string, expiring: something that may be used once */
    used: (id: string) => `${prefix}:{used}:${id}`,
    /** hash: since when uses are remembered, and on which server */
    remembers: `${prefix}:{used}`,
  }
}

/** The keys of a room share the hash tag `{room}`, so that a script may touch them together. */
function roomKeys(prefix: string) {
  const inRoom = (room: RoomId, what: string) => `${prefix}:{${room}}:${what}`
  return {
    /** hash: server, seq, generation, options and the limits that scripts read */
    room: (room: RoomId) => inRoom(room, 'room'),
    /** hash: participant id → member */
    members: (room: RoomId) => inRoom(room, 'members'),
    /** hash: owner, state, deadline, tickets, cursor, last write: all that is private to one participant */
    session: (room: RoomId, id: ParticipantId) => inRoom(room, `session:${id}`),
    /** list: `rid ack` of the participant's last requests */
    replies: (room: RoomId, id: ParticipantId) => inRoom(room, `replies:${id}`),
    streams: (room: RoomId) => inRoom(room, 'streams'),
    subscriptions: (room: RoomId) => inRoom(room, 'subscriptions'),
    /** stream: entry id `<seq>-0` */
    log: (room: RoomId) => inRoom(room, 'log'),
    /** sharded channel: the same entries, live */
    feed: (room: RoomId) => inRoom(room, 'feed'),
    /** string, expiring: who used a login token */
    token: (room: RoomId, token: string) => inRoom(room, `token:${token}`),
    /** string, expiring: the participant is gone, and not lost */
    left: (room: RoomId, id: ParticipantId) => inRoom(room, `left:${id}`),
    /** string, expiring: when management closed the room, ms */
    closed: (room: RoomId) => inRoom(room, 'closed'),
    /** string, expiring: the seq of what was said once */
    said: (room: RoomId, once: string) => inRoom(room, `said:${once}`),
  }
}

/** The part of a key that decides its slot. */
function tagOf(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key
}

export type Keys = ReturnType<typeof keysOf>
