import { describe, expect, inject, test } from 'vitest'
import { describeAdminWrites } from './admin-writes.ts'
import type { Factory } from './bench.ts'
import { recordCases, registeredIn } from './case-count.ts'
import { describeClock } from './clock.ts'
import { accessTo, casesOf, type Part } from './contract.ts'
import { describeDeadline } from './deadline.ts'
import { describeHandover } from './handover.ts'
import { describeJoin } from './join.ts'
import { describeLeave } from './leave.ts'
import { describeLog } from './log.ts'
import { describeMedia } from './media.ts'
import { describeNodeRegistry } from './node-registry.ts'
import { describePubSub } from './pub-sub.ts'
import { describeRejoin } from './rejoin.ts'
import { describeRestore } from './restore.ts'
import { describeResume } from './resume.ts'
import { describeRoomListing } from './room-listing.ts'
import { describeRoomSizes } from './room-sizes.ts'
import { describeRooms } from './rooms.ts'
import { describeSessionUpkeep } from './session-upkeep.ts'
import { describeTickets } from './tickets.ts'

/** The parts of the contract of every store. */
export const parts: { [name: string]: Part } = {
  clock: describeClock,
  join: describeJoin,
  resume: describeResume,
  rejoin: describeRejoin,
  tickets: describeTickets,
  'session upkeep': describeSessionUpkeep,
  leave: describeLeave,
  log: describeLog,
  deadline: describeDeadline,
  'pub/sub': describePubSub,
  handover: describeHandover,
  restore: describeRestore,
  media: describeMedia,
  rooms: describeRooms,
  'room listing': describeRoomListing,
  'room sizes': describeRoomSizes,
  'administrative writes': describeAdminWrites,
  nodes: describeNodeRegistry,
}

/** Every store, and its abilities. */
export const stores = {
  memory: { shared: false },
  redis: { shared: true },
  'redis cluster': { shared: true },
  'redis sentinel': { shared: true },
}

/** Registers all cases of the contract for a store. The cases for several nodes are left out if only one node can use the store. */
export function describeStore(name: keyof typeof stores, factory: Factory): void {
  const { shared } = stores[name]
  describe(name, () => {
    const cases = casesOf(parts, accessTo(factory))
    const lacking = cases.filter((one) => one.shared && !shared)
    const held = cases.filter((one) => !lacking.includes(one))
    for (const group of new Set(held.map((one) => one.group))) {
      describe(group, () => {
        for (const one of held.filter((one) => one.group === group)) test(one.title, one.run)
      })
    }
    const without = lacking.length > 0 ? ` without the ${lacking.length} for several nodes` : ''
    test(`runs the ${cases.length} cases of every store${without}`, ({ task }) => {
      const counted = { held: registeredIn(task), lacking: lacking.map(({ group, title }) => `${group}: ${title}`) }
      expect(recordCases(inject('runFolder'), name, counted)).toEqual([])
    })
  })
}
