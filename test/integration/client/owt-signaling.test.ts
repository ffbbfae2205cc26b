import { expect, onTestFinished, test } from 'vitest'
import { type Connector, type Link, OwtSignaling, Portal } from '../../../src/client/index.ts'
import { connectSocket } from '../../../src/client/socket-link.ts'
import { writeToken } from '../../../src/core/auth/tokens.ts'
import { roomIdOf } from '../../../src/core/model.ts'
import { newRoom, startCluster, startNode, testSecret, tokenFor } from '../../support/node.ts'
import { OwtClient } from './owt-client.ts'

/** A token that names the node, as OWT's client needs it. */
function owtToken(url: string, room: string, user: string): string {
  const at = { host: new URL(url).host, secure: false }
  return writeToken([testSecret], { room, user, role: 'presenter' }, at, Date.now() + 60_000)
}

/** A client of OWT whose connections the test can cut. It resumes at the `urls` in turn. */
function page(urls?: string[]) {
  const links: Link[] = []
  const connect: Connector = async (target, signal) => {
    const link = await connectSocket(target, signal)
    links.push(link)
    return link
  }
  const options = { backOff: { baseMs: 10, capMs: 50 }, parts: { connect, random: () => 0 } }
  const client = new OwtClient(new OwtSignaling({ ...options, ...(urls ? { url: urls } : {}) }))
  onTestFinished(() => (client.state === 'connected' ? client.leave() : undefined))
  return { client, cut: () => links.at(-1)?.close(), links }
}

async function portalClient(url: string, room: string): Promise<Portal> {
  const portal = new Portal({ url })
  onTestFinished(() => portal.close())
  await portal.login(tokenFor({ room, user: 'bob' }))
  return portal
}

test('OwtSignaling joins at the host of the token, receives events, sends requests, and leaves', async () => {
  const { url } = await startNode()
  const room = newRoom()
  const { client } = page()
  const joined = await client.join(owtToken(url, room, 'ann'))
  expect(joined).toMatchObject({ user: 'ann', role: 'presenter', room: { id: room, participants: [{ user: 'ann' }] } })
  const bob = await portalClient(url, room)
  const { id } = await bob.publish({ media: { tracks: [{ type: 'audio' }] } })
  await bob.text(client.id, 'hello')
  await client.send('good day')
  await bob.unpublish(id)
  await bob.logout()
  const events = ['participantjoined bob', 'streamadded', 'messagereceived hello', 'messagereceived good day']
  expect(await client.until(6)).toEqual([...events, 'ended', 'left'])
  await client.leave()
  expect(client.state).toBe('ready')
  expect(client.events.at(-1)).toBe('serverdisconnected')
  expect(client.warnings).toEqual([])
})

test('a refused login, a refused request and a request after the end reject with a sentence', async () => {
  const { url } = await startNode()
  const token = owtToken(url, newRoom(), 'ann')
  const { client } = page()
  await client.join(token)
  await expect(client.send('hello', 'nobody')).rejects.toBe('Target participant does NOT exist: nobody')
  await client.leave()
  await expect(client.send('hello')).rejects.toBe('There is no connection')
  await expect(client.join(token)).rejects.toThrow(/^Invalid or used token$/)
  expect(client.events).toEqual(['serverdisconnected'])
  await client.join(owtToken(url, newRoom(), 'ann'))
  expect(client.state).toBe('connected')
})

test('a publish of OWT’s client, which expects a media server, rejects with a sentence, and the client stays', async () => {
  const { url } = await startNode()
  const signaling = new OwtSignaling({ url })
  onTestFinished(() => signaling.disconnect())
  const userAgent = { sdk: { type: 'JavaScript', version: '5.1' } }
  const token = tokenFor({ room: newRoom() })
  await signaling.connect(url, false, { token, userAgent, protocol: '1.2' })
  const media = { tracks: [{ type: 'audio', mid: '0', source: 'mic' }] }
  const refused = /^There is no media server: publish and subscribe with transport \{ type: 'mesh' \}$/
  await expect(signaling.send('publish', { media, transport: { type: 'webrtc' } })).rejects.toMatch(refused)
  await expect(signaling.send('subscribe', { media, transport: { type: 'webrtc' } })).rejects.toMatch(refused)
  await expect(signaling.send('text', { to: 'all', message: 'still here' })).resolves.toBeUndefined()
})

test('after a lost connection OwtSignaling resumes on another node, delivers missed messages, and completes its requests', async () => {
  const [first, second] = await startCluster(2)
  if (!first || !second) throw new Error('No cluster')
  const room = newRoom()
  const { client, cut, links } = page([first.url, second.url])
  await client.join(owtToken(first.url, room, 'ann'))
  const bob = await portalClient(second.url, room)
  await client.until(1)
  for (let round = 0; round < 5; round += 1) {
    const sent = client.send(`of ann ${round}`)
    cut()
    await bob.text(client.id, `of bob ${round}`)
    await sent
  }
  const events = await client.until(11)
  const rounds = [0, 1, 2, 3, 4]
  const of = (who: string) => events.filter((event) => event.startsWith(`messagereceived of ${who}`))
  expect(events).toHaveLength(11)
  expect(of('bob')).toEqual(rounds.map((round) => `messagereceived of bob ${round}`))
  expect(of('ann')).toEqual(rounds.map((round) => `messagereceived of ann ${round}`))
  expect(new Set(links.map(({ url }) => url))).toEqual(new Set([first.url, second.url]))
})

test('a drop by the server emits disconnect', async () => {
  const node = await startNode()
  const { client } = page()
  const room = newRoom()
  await client.join(owtToken(node.url, room, 'ann'))
  const drop = { event: 'drop' as const, data: null, to: client.id }
  await node.app.store.sessionStore.leave(roomIdOf('portal', room), client.id, 'any', drop)
  expect(await client.until(1)).toEqual(['serverdisconnected'])
})
