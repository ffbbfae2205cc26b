import { describe } from 'vitest'
import { type Abilities, contractOf, type Factory } from './bench.ts'
import { describeClock } from './clock.ts'
import { describeDeadline } from './deadline.ts'
import { describeHandover } from './handover.ts'
import { describeJoin } from './join.ts'
import { describeLeave } from './leave.ts'
import { describeLog } from './log.ts'
import { describeMedia } from './media.ts'
import { describeNodes } from './node-registry.ts'
import { describeWire } from './pub-sub.ts'
import { describeLosses } from './restore.ts'
import { describeResume } from './resume.ts'
import { describeRooms } from './rooms.ts'
import { describePlaces } from './session-checks.ts'
import { describeTickets } from './tickets.ts'

/** What every store has to do, whatever it keeps things in. */
export function describeState(name: string, factory: Factory, abilities: Abilities = {}): void {
  describe(name, () => {
    const contract = contractOf(factory, abilities)
    describe('clock', () => describeClock(contract))
    describe('join', () => describeJoin(contract))
    describe('resume', () => describeResume(contract))
    describe('tickets', () => describeTickets(contract))
    describe('places', () => describePlaces(contract))
    describe('leave', () => describeLeave(contract))
    describe('log', () => describeLog(contract))
    describe('deadline', () => describeDeadline(contract))
    describe('wire', () => describeWire(contract))
    describe('handover', () => describeHandover(contract))
    describe('losses', () => describeLosses(contract))
    describe('media', () => describeMedia(contract))
    describe('rooms', () => describeRooms(contract))
    describe('nodes', () => describeNodes(contract))
  })
}
