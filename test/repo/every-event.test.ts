import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { portal, portalLegacy, portalV1 } from '../../src/protocol/portal.ts'

/** `refreshReconnectionTicket` → `refresh-reconnection-ticket.test.ts` */
const fileOf = (event: string) => `${event.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.test.ts`

test.each([{ name: 'portal', tables: [portal, portalV1, portalLegacy] }])(
  'every event of the $name dialect has a file of integration tests',
  ({ name, tables }) => {
    const files = readdirSync(new URL(`../integration/${name}`, import.meta.url))
    const events = new Set(tables.flatMap((table) => Object.keys(table)))
    expect(events.size).toBeGreaterThan(0)
    expect([...events].filter((event) => !files.includes(fileOf(event)))).toEqual([])
  },
)
