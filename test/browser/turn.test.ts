import { afterAll, expect, test } from 'vitest'
import { newRoom } from '../support/node.ts'
import { allocates, startTurn, type TurnServer } from '../support/turn-server.ts'
import { smallCamera } from './demo-cameras.ts'
import { useDemo } from './demo-nodes.ts'
import { type DemoPage, expectCall } from './demo-page.ts'
import { eventually } from './page-user.ts'

const isSoak = process.env.SIGNALBOX_SOAK === '1'
/** How long credentials are good, and how long the session is quiet before they are needed, seconds. */
const [turnTtl, quietFor] = isSoak ? [60, 300] : [4, 4]

const secret = 'what coturn and the nodes both know'
let turn: TurnServer
const { visit } = useDemo({
  count: 2,
  env: async () => {
    turn = await startTurn(secret)
    return { TURN_URLS: turn.url, TURN_SECRET: secret, TURN_TTL: String(turnTtl) }
  },
})
afterAll(() => turn?.stop())

type Credentials = { username: string; credential: string }
type Report = { type: string; selectedCandidatePairId?: string; localCandidateId?: string; port?: number }
type Connection = {
  getConfiguration(): { iceServers: Credentials[] }
  getStats(): Promise<ReadonlyMap<string, Report>>
}
type Demo = {
  demo: {
    channel: { iceServers: Credentials[] }
    mesh: { connections: ReadonlyMap<string, Connection> }
  }
}

/** The TURN credentials of a page's session. */
const credentialsOf = ({ page }: DemoPage): Promise<Credentials> =>
  page.evaluate(() => (globalThis as unknown as Demo).demo.channel.iceServers[0] as Credentials)

/** The TURN credentials of a page's only peer connection, and the port of the relay that its media uses. */
const callOf = ({ page }: DemoPage): Promise<Credentials & { relayPort: number }> =>
  page.evaluate(async () => {
    const [connection] = (globalThis as unknown as Demo).demo.mesh.connections.values()
    const stats = (await connection?.getStats()) ?? new Map<string, Report>()
    const transport = [...stats.values()].find(({ type }) => type === 'transport')
    const pair = stats.get(transport?.selectedCandidatePairId ?? '')
    const { port = 0 } = stats.get(pair?.localCandidateId ?? '') ?? {}
    const [server] = connection?.getConfiguration().iceServers ?? []
    return { ...(server as Credentials), relayPort: port }
  })

const expiryOf = ({ username }: Credentials) => Number(username.split(':')[0])

/** Resolves when the credentials of a page are newer than these by more than `quietFor` seconds; coturn counts whole seconds. */
async function quietSince(page: DemoPage, credentials: Credentials): Promise<void> {
  const timeout = (quietFor + turnTtl) * 2000
  await expect
    .poll(async () => expiryOf(await credentialsOf(page)), { timeout, interval: 100 })
    .toBeGreaterThan(expiryOf(credentials) + quietFor)
}

const relayed = { used: ['relay', 'relay'], remote: ['relay'] }

test(
  'long after the credentials of the login have expired, a participant that joins then is called through the relay, and ICE restarts there',
  async () => {
    const room = newRoom()
    const options = { query: 'relay', prepare: smallCamera }
    const [ann, bob] = [await visit('Ann', 0, options), await visit('Bob', 1, options)]
    await ann.enter(room)
    const first = await credentialsOf(ann)
    await quietSince(ann, first)
    expect(allocates(turn.port, first.username, first.credential)).toBe(false)

    await bob.enter(room)
    await expectCall(ann, bob)
    expect([await ann.candidateKinds('Bob'), await bob.candidateKinds('Ann')]).toEqual([relayed, relayed])

    const before = [await callOf(ann), await callOf(bob)]
    for (const [index, page] of [ann, bob].entries()) await quietSince(page, before[index] as Credentials)
    await ann.page.evaluate("dispatchEvent(new Event('online'))") // the page takes this for a change of network
    for (const [index, page] of [ann, bob].entries()) {
      await eventually(async () => (await callOf(page)).relayPort).not.toBe(before[index]?.relayPort)
    }
    await expectCall(ann, bob)
    expect([await ann.candidateKinds('Bob'), await bob.candidateKinds('Ann')]).toEqual([relayed, relayed])
    for (const page of [ann, bob]) expect(await callOf(page)).toMatchObject(await credentialsOf(page))
  },
  (quietFor + turnTtl) * 4000 + 60_000,
)

test(
  'on the pages for `/exchanger` and `/p2p` a call uses new TURN credentials long after those of the login have expired',
  async () => {
    const [channel, options] = [newRoom(), { query: 'relay', prepare: smallCamera }]
    const at = (path: string) => (name: string, index: number) => visit(name, index, { ...options, path })
    const [onExchanger, onP2p] = [at('exchanger.html'), at('p2p.html')]
    const enter = async (page: DemoPage) => {
      await page.at('#nickname').fill(page.name)
      if (page.page.url().includes('exchanger')) await page.at('#channel').fill(channel)
      await page.at('#enter').click()
      await page.at('#room').waitFor()
    }
    const [cid, ann] = [await onP2p('Cid', 0), await onExchanger('Ann', 0)]
    for (const page of [cid, ann]) await enter(page)
    const idle = await credentialsOf(cid)
    await quietSince(ann, await credentialsOf(ann))
    expect(allocates(turn.port, idle.username, idle.credential)).toBe(false)

    const bob = await onExchanger('Bob', 1)
    await enter(bob)
    await expectCall(ann, bob)
    await bob.at('#leave').click()
    const dan = await onP2p('Dan', 1)
    await enter(dan)
    await dan.at('#whom').fill('Cid')
    await dan.at('#call').click()
    await expectCall(cid, dan)
    expect([await cid.candidateKinds('Dan'), await dan.candidateKinds('Cid')]).toEqual([relayed, relayed])
  },
  (quietFor + turnTtl) * 2000 + 60_000,
)
