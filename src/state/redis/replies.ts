import type { Member, Roster } from '../../core/model.ts'
import { nodeOf, type Resumed } from '../../core/ports/session-store.ts'
import type { RedisReply } from './scripts.ts'

/** Decodes a roster from the replies of scripts and commands. @param members and `streams`: JSON texts */
export function rosterOf(seq: number, members: string[], streams: string[]): Roster {
  return {
    seq,
    members: members.map((text): Member => JSON.parse(text)),
    streams: streams.map((text) => JSON.parse(text)),
  }
}

/** Decodes the reply of `resume.lua` and `rejoin.lua`. */
export function resumedOf(reply: RedisReply): Resumed {
  const [
    owner,
    member,
    deliverAfter,
    inDoubtUpTo,
    complete,
    previousOwner,
    wasConnected,
    rid,
    tokenId,
    members,
    streams,
  ] = reply as [
    owner: string,
    member: string,
    deliverAfter: number,
    inDoubtUpTo: number,
    complete: number,
    previousOwner: string,
    wasConnected: number,
    rid: number,
    tokenId: string,
    members?: string[],
    streams?: string[],
  ]
  return {
    owner,
    member: JSON.parse(member),
    deliverAfter,
    inDoubtUpTo,
    complete: complete === 1,
    ...(complete === 1 ? {} : { roster: rosterOf(deliverAfter, members ?? [], streams ?? []) }),
    ...(wasConnected === 1 ? { previousOwner } : {}),
    previousNode: nodeOf({ owner: previousOwner }),
    rid,
    tokenId,
  }
}
