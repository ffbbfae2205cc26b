import { expect, onTestFinished, test } from 'vitest'
import { Exchanger, iceLifetimeMs, OwtSignaling, Portal, Rooms } from '../../../src/client/index.ts'
import type { IceServer } from '../../../src/client/mesh/rtc.ts'
import { loginInfo } from '../../support/client.ts'
import { newRoom, startNode, tokenFor } from '../../support/node.ts'

const { url } = await startNode({
  env: { TURN_URLS: 'turn:127.0.0.1:3478', TURN_SECRET: 'what coturn and the nodes both know', TURN_TTL: 3 },
})

/** How a client of each class receives ICE servers: `first` with its login, `renewed` by an event. */
const clients = {
  Portal: async () => {
    const portal = new Portal({ url })
    onTestFinished(() => portal.close())
    const renewed = new Promise<IceServer[]>((resolve) => portal.on('iceServers', resolve))
    const { iceServers: first, reconnectionTicket: ticket } = await portal.login(tokenFor({ room: newRoom() }))
    return { first, ticket, renewed, current: () => portal.iceServers }
  },
  Rooms: async () => {
    const rooms = new Rooms({ url })
    onTestFinished(() => rooms.close())
    const renewed = new Promise<IceServer[]>((resolve) => rooms.on('iceServers', resolve))
    const { iceServers: first, ticket } = await rooms.enter(newRoom())
    return { first, ticket, renewed, current: () => rooms.channel.iceServers }
  },
  Exchanger: async () => {
    const exchanger = new Exchanger({ url })
    onTestFinished(() => exchanger.close())
    const renewed = new Promise<IceServer[]>((resolve) => exchanger.on('iceServers', resolve))
    const { iceServers: first, ticket } = await exchanger.join(newRoom(), 'ann')
    return { first, ticket, renewed, current: () => exchanger.channel.iceServers }
  },
  OwtSignaling: async () => {
    const signaling = new OwtSignaling({ url })
    onTestFinished(() => signaling.disconnect())
    const renewed = new Promise<IceServer[]>((resolve) =>
      signaling.addEventListener('iceservers', ({ iceServers }) => resolve(iceServers)),
    )
    const joined = await signaling.connect('', false, loginInfo({ room: newRoom() }))
    return { first: joined.iceServers, ticket: joined.reconnectionTicket, renewed, current: () => signaling.iceServers }
  },
}

test.each(Object.entries(clients))('%s renews its TURN credentials by itself', async (_, open) => {
  const { first = [], ticket, renewed, current } = await open()
  expect(iceLifetimeMs(first, ticket)).toBeGreaterThan(1900)
  const servers = await renewed
  expect(servers).toMatchObject([{ urls: ['turn:127.0.0.1:3478'] }])
  expect(current()).toBe(servers)
})
