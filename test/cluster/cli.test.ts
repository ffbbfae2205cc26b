import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { connect, enter } from '../support/client.ts'
import { run, signalbox, start } from '../support/command.ts'
import { newRoom, startNode, testSecret } from '../support/node.ts'
import { statusOf } from '../support/process.ts'

const local = { HOST: '127.0.0.1', PORT: 0, OPS_PORT: 0 }
const commands = ['start', 'cluster', 'token', 'config']

describe('usage', () => {
  test.each([[[]], [['--help']]])('%j prints the usage', async (args) => {
    const { code, stdout, stderr } = await run(signalbox, args)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command}\\b`, 'm'))
  })

  test('of a command is printed by its option --help', async () => {
    const { code, stdout } = await run(signalbox, ['token', '--help'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Usage: signalbox token --room R --user U /)
  })

  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await run(signalbox, ['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` })
  })

  test.each([
    [['toString'], 'Unknown command: toString'],
    [['start', 'now'], "Unexpected argument 'now'"],
    [['config', '--all'], "Unknown option '--all'"],
    [['token', '--room', 'r'], 'token needs --room and --user'],
    [['token', '--room', 'r', '--user', 'u', '--url', 'nowhere'], '--url: "nowhere" is not a valid URL'],
    [['cluster', '--nodes', 'three'], '--nodes: expected a number from 1 to 26, not three'],
  ])('%j is refused with an error message', async (args, sentence) => {
    const { code, stdout, stderr } = await run(signalbox, args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(sentence)
    expect(stderr).toContain('Usage: signalbox')
  })
})

describe('config', () => {
  test('prints a table in which secrets are masked', async () => {
    const env = { PORT: 1234, SIGNALBOX_SECRET: testSecret, REDIS_URL: 'redis://user:hidden@h:1' }
    const { code, stdout } = await run(signalbox, ['config'], env)
    expect(code).toBe(0)
    expect(stdout).toMatch(/^NAME +VALUE +DEFAULT +MEANING$/m)
    expect(stdout).toMatch(/^PORT +1234 +8080 +clients/m)
    expect(stdout).toMatch(/^SIGNALBOX_SECRET +\*{4} +– +comma-separated keys/m)
    expect(stdout).toMatch(/^REDIS_URL +redis:\/\/user:\*{4}@h:1 +– /m)
    expect(stdout).not.toContain(testSecret)
    expect(stdout).not.toContain('hidden')
  })

  test.each(['config', 'start', 'cluster'])('%s reports all configuration errors at once', async (command) => {
    const { code, stdout, stderr } = await run(signalbox, [command], { PORT: 'x', LOG_LEVEL: 'loud' })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^The configuration has 2 mistakes:\n {2}PORT: .*\n {2}LOG_LEVEL: .*\n$/)
  })
})

describe('token', () => {
  const args = (room: string, ...more: string[]) => ['token', '--room', room, '--user', 'ann', ...more]

  test('prints a token signed with SIGNALBOX_SECRET that logs in on a node', async () => {
    const { url } = await startNode()
    const room = newRoom()
    const env = { SIGNALBOX_SECRET: testSecret, REDIS_MODE: 'a mistake that does not concern a token' }
    const { code, stdout } = await run(signalbox, args(room, '--role', 'viewer', '--host', 'a.example:1'), env)
    expect(code).toBe(0)
    const token = stdout.trim()
    expect(JSON.parse(Buffer.from(token, 'base64').toString())).toMatchObject({ host: 'a.example:1', secure: false })
    const client = await connect(url)
    const joined = await client.login({ room, token })
    expect(joined).toMatchObject({ user: 'ann', role: 'viewer', room: { id: room } })
  })

  test('prints a token of a running development node that logs in there', async () => {
    const { url } = await startNode()
    const port = new URL(url).port
    for (const [more, env] of [
      [['--url', url], { SIGNALBOX_SECRET: testSecret.toUpperCase() }],
      [[], { PORT: port }],
    ] as const) {
      const room = newRoom()
      const { stdout, stderr } = await run(signalbox, args(room, ...more), env)
      expect(stderr).toBe('')
      const client = await enter(url, { room, token: stdout.trim() })
      expect(client.id).not.toBe('')
    }
  })

  test('without a secret or a development node prints how to provide one', async () => {
    const production = await startNode({ env: { NODE_ENV: 'production' } })
    const refused = await run(signalbox, args('r', '--url', production.url))
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toMatch(/gives no token \(HTTP 404\)\. Set SIGNALBOX_KEY .*, or SIGNALBOX_SECRET .*\.\n$/)
    await production.close()
    const unanswered = await run(signalbox, args('r', '--url', production.url))
    expect(unanswered).toMatchObject({ code: 3, stdout: '' })
    expect(unanswered.stderr).toMatch(/^No node answers at http\S+ \(ECONNREFUSED\)\. Set SIGNALBOX_KEY .*\.\n$/)
  })
})

describe('start', () => {
  test('serves until it is interrupted', async () => {
    const node = start(signalbox, ['start'], local)
    const [, url = ''] = await node.line(/^Signalbox is at (http:\/\/localhost:\d+)$/)
    expect(await statusOf(`${url}/readyz`)).toBe(200)
    node.signal('SIGINT')
    expect(await node.exited).toMatchObject({ code: 0 })
    expect(await statusOf(url)).toBe(0)
  })

  test('exits when the parent that opened a channel to it exits', async () => {
    const node = start(signalbox, ['start'], local, true)
    await node.line(/^Signalbox is at/)
    node.child.disconnect()
    expect(await node.exited).toMatchObject({ code: 0 })
  })
})
