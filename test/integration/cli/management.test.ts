import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Command, CommandError, UsageError } from '../../../src/cli/command.ts'
import { announce } from '../../../src/cli/commands/announce.ts'
import { kick } from '../../../src/cli/commands/kick.ts'
import { nodes } from '../../../src/cli/commands/nodes.ts'
import { participants } from '../../../src/cli/commands/participants.ts'
import { rooms } from '../../../src/cli/commands/rooms.ts'
import { token } from '../../../src/cli/commands/token.ts'
import { UnreachableError } from '../../../src/cli/management-client.ts'
import { roomIdOf } from '../../../src/core/model.ts'
import { connect, enter } from '../../support/client.ts'
import { caller, keys, managementKeys } from '../../support/management-caller.ts'
import { newRoom, startNode } from '../../support/node.ts'
import { freePorts } from '../../support/ports.ts'

const node = await startNode({ env: { MANAGEMENT_KEYS: managementKeys } })
const environment = { SIGNALBOX_URL: node.url, SIGNALBOX_KEY: keys.service }

async function run(command: Command, args: string[], changes: { [name: string]: string } = {}): Promise<string[]> {
  const printed: string[] = []
  const print = (line: string) => void printed.push(line)
  await command.run(args, { environment: { ...environment, ...changes }, program: ['signalbox'], print, warn: print })
  return printed
}

const json = async (command: Command, ...args: string[]) =>
  JSON.parse((await run(command, [...args, '--json'])).join('\n'))

test('rooms prints a table, or JSON with --json', async () => {
  const room = newRoom()
  await enter(node.url, { room })
  const [heading, ...rows] = await run(rooms, [])
  expect(heading).toMatch(/^_ID +NAME +PARTICIPANTS +PARTICIPANTLIMIT$/)
  expect(rows.find((row) => row.startsWith(room))).toMatch(/ 1 +-1$/)
  expect(await json(rooms)).toContainEqual(expect.objectContaining({ _id: room, participants: 1 }))
  expect(await json(rooms, '--page', '900', '--per-page', '10')).toEqual([])
})

test('participants prints names and permissions, without control characters', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room, user: 'ann', role: 'audio_only_presenter' })
  // nodes of older versions accepted such names
  const { roster } = node.app.store
  const before = await roster.member(roomIdOf('portal', room), ann.id)
  if (!before) throw new Error('No member')
  const notification = { event: 'permission' as const, data: { permission: before.permission, changes: 1 }, to: ann.id }
  const after = { ...before, user: 'ann\u001b[2J', changes: 1 }
  await roster.changeMember(roomIdOf('portal', room), before, after, notification)
  const lines = await run(participants, [room])
  expect(lines[0]).toMatch(/^ID +USER +ROLE +PUBLISH +SUBSCRIBE$/)
  expect(lines[1]).toContain('ann�[2J')
  expect(lines[1]).toMatch(/ audio +audio$/)
  expect(await json(participants, room)).toMatchObject([{ id: ann.id, permission: { publish: { video: false } } }])
})

test('kick drops the participant', async () => {
  const room = newRoom()
  const ann = await enter(node.url, { room })
  expect(await run(kick, [room, ann.id])).toEqual([`${ann.id} was dropped from ${room}`])
  expect(await ann.closed).toBe('io server disconnect')
  await expect(run(kick, [room, ann.id])).rejects.toThrow('Refused: Room not found')
})

test('announce sends the text to clients of /rooms', async () => {
  node.app.io.of('/rooms')
  const client = await connect(node.url, { namespace: '/rooms' })
  expect(await json(announce, 'at six')).toEqual({ announced: 'at six' })
  expect((await client.next('announcement')).data).toBe('at six')
})

test('nodes prints the live nodes', async () => {
  expect(await json(nodes)).toMatchObject([{ id: expect.stringContaining(node.config.nodeId) }])
})

describe('token', () => {
  test('prints a token of the API if there is a management key, even if there is a secret, and the token is valid for a login', async () => {
    const room = newRoom()
    await enter(node.url, { room })
    const args = ['--room', room, '--user', 'bob', '--role', 'viewer']
    const secret = { SIGNALBOX_SECRET: 'another secret than that of the node' }
    const [text = '', ...more] = await run(token, args, secret)
    expect(more).toEqual([])
    const bob = await connect(node.url)
    expect(await bob.login({ room, token: text })).toMatchObject({ user: 'bob', role: 'viewer' })
    const { token: other } = await json(token, ...args)
    const carl = await connect(node.url)
    expect(await carl.login({ room, token: other })).toMatchObject({ user: 'bob', role: 'viewer' })
  })

  test('is refused for a room that does not exist, with the reason', async () => {
    const refused = run(token, ['--room', newRoom(), '--user', 'bob'])
    await expect(refused).rejects.toThrow('Refused: Room not found: no room has this id or name')
  })
})

describe('a room with a name other than its id', () => {
  const api = caller(node.url)
  const make = async (name: string) =>
    ((await api('POST', '/v1/rooms', { body: { name } })).body as { _id: string })._id

  test('is found by its name by participants, token and kick', async () => {
    const name = newRoom()
    const _id = await make(name)
    expect(await json(participants, name)).toEqual([])
    const [text = ''] = await run(token, ['--room', name, '--user', 'ann'])
    const ann = await connect(node.url)
    expect(await ann.login({ room: _id, token: text })).toMatchObject({ user: 'ann', room: { id: _id } })
    expect(await json(participants, name)).toMatchObject([{ id: ann.id }])
    expect(await json(participants, _id)).toMatchObject([{ id: ann.id }])
    await expect(run(kick, [name, 'nobody'])).rejects.toThrow('Refused: Participant not found')
    expect(await run(kick, [name, ann.id])).toEqual([`${ann.id} was dropped from ${name}`])
  })

  test('is not found by a name that several rooms have; the message has their ids', async () => {
    const name = newRoom()
    const ids = [await make(name), await make(name)].toSorted()
    const message = `Several rooms have the name ${name}. Use one of their ids: ${ids.join(', ')}`
    for (const [command, args] of [
      [participants, [name]],
      [kick, [name, 'nobody']],
      [token, ['--room', name, '--user', 'ann']],
    ] as [Command, string[]][]) {
      await expect(run(command, args)).rejects.toThrow(message)
    }
    expect(await json(participants, ids[0] ?? '')).toEqual([])
  })

  test('does not hide a room whose id is this name', async () => {
    const id = newRoom()
    await make(id)
    const ann = await enter(node.url, { room: id })
    expect(await json(participants, id)).toMatchObject([{ id: ann.id }])
  })

  test('is found by its name beyond the first page of rooms', async () => {
    const name = `zz ${newRoom()}`
    const before = Array.from({ length: 1001 }, (_, index) => `0-${index}`)
    const alone = await startNode({ env: { MANAGEMENT_KEYS: managementKeys } })
    for (const room of before) await alone.app.store.rooms.configure(roomIdOf('portal', room), {})
    const body = { name, _id: 'zz' }
    await caller(alone.url)('POST', '/v1/rooms', { body })
    expect(JSON.parse((await run(participants, [name, '--json', '--url', alone.url])).join(''))).toEqual([])
  })
})

describe('errors', () => {
  test.each([
    ['no room', participants, []],
    ['no participant', kick, ['room']],
    ['one argument too many', announce, ['a', 'b']],
    ['a participant .. that leads to the path of the room', kick, ['room', '..']],
    ['a room .. that leads to another path', participants, ['..']],
    ['a token without a user', token, ['--room', 'r']],
    ['a token with one argument too many', token, ['--room', 'r', '--user', 'u', 'x']],
    ['an unknown option', nodes, ['--force']],
    ['page 0', rooms, ['--page', '0']],
    ['a malformed URL', nodes, ['--url', 'localhost:8080']],
    ['an empty key', nodes, ['--key', '']],
    ['a key that is not allowed in a header', nodes, ['--key', 'a\nb']],
  ] as [string, Command, string[]][])('%s is a UsageError', async (_name, command, args) => {
    await expect(run(command, args)).rejects.toBeInstanceOf(UsageError)
  })

  test('a wrong key, and a cluster without the API, are refused with the reason', async () => {
    await expect(run(nodes, ['--key', 'wrong'])).rejects.toThrow(/^Refused: the key is not/)
    const off = await startNode()
    const refused = run(nodes, ['--url', off.url])
    await expect(refused).rejects.toThrow(/MANAGEMENT_KEYS/)
    await expect(refused).rejects.toBeInstanceOf(CommandError)
    await expect(refused).rejects.not.toBeInstanceOf(UnreachableError)
  })

  test('a URL without a node is an UnreachableError with the cause', async () => {
    const [port] = await freePorts(1)
    const refused = run(nodes, ['--url', `http://127.0.0.1:${port}`])
    await expect(refused).rejects.toBeInstanceOf(UnreachableError)
    await expect(refused).rejects.toThrow(/^No node answers at http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED\)$/)
  })

  test('a 404 of another program is refused as an address that may not publish the API', async () => {
    const proxy = createServer((_request, response) => response.writeHead(404).end('<h1>Not found</h1>'))
    onTestFinished(() => void proxy.close())
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    await expect(run(nodes, ['--url', url])).rejects.toThrow(
      `Refused: HTTP 404: ${url} may not publish the management API, /v1`,
    )
  })
})
