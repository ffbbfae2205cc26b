import { createServer, type Server } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { afterEvery } from '../../support/cleanup.ts'
import { type Output, run, signalbox, start } from '../../support/command.ts'
import { testSecret } from '../../support/node.ts'
import { freePorts } from '../../support/ports.ts'
import { startRedis } from '../../support/redis.ts'

/** An invalid value for each of these options. */
const mistaken = {
  HOST: 'nonsense',
  PORT: '80.5',
  OPS_PORT: '65536',
  REDIS_URL: 'redis://:100%hidden@h/2',
  REDIS_MODE: 'replica',
  REDIS_PREFIX: '{a}*',
  NODE_ID: 'a node',
  NODE_URL: 'a.example:8080',
  NODE_ENV: 'prod',
  SIGNALBOX_SECRET: 'hidden',
  ANONYMOUS_DIALECTS: 'portal',
  MANAGEMENT_KEYS: 'hidden',
  MAUTH_REPLAY_CHECK: 'no',
  JWKS_URL: 'https://user:hidden@id.example/keys',
  TOKEN_TTL: '10m',
  PING_INTERVAL: '2147484',
  DRAIN_SECONDS: '-1',
  CORS_ORIGINS: 'https://app.example/',
  ICE_SERVERS: '[{"urls":"turn:a","username":"u","credentials":"hidden"}]',
  TURN_URLS: 'stun:a',
  TURN_TTL: '0',
  MAX_CONNECTIONS: '0',
  LOG_LEVEL: 'verbose',
  TRUST_PROXY: 'nginx',
  DEMO: 'yes',
}

const busy = new Set<Server>()
afterEvery('test', () => {
  for (const server of busy) server.close()
  busy.clear()
})

async function occupy(port: number): Promise<void> {
  const server = createServer()
  busy.add(server)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
}

function linesOf({ stderr }: Output): string[] {
  return stderr.trimEnd().split('\n')
}

describe.each(['config', 'start'])('signalbox %s', (command) => {
  test('reports every mistake in the environment at once, each in a sentence', async () => {
    const output = await run(signalbox, [command], mistaken)
    expect(output).toMatchObject({ code: 1, signal: null, stdout: '' })
    const [heading, ...lines] = linesOf(output)
    const names = Object.keys(mistaken)
    expect(heading).toBe(`The configuration has ${names.length} mistakes:`)
    expect(lines.map((line) => /^ {2}([A-Z_]+): \S.*\S$/.exec(line)?.[1])).toEqual(names)
    expect(output.stderr).not.toContain('hidden')
  })
})

test('signalbox start reports all ports that it cannot listen on, with their options', async () => {
  const [PORT = 0, OPS_PORT = 0] = await freePorts(2)
  await Promise.all([occupy(PORT), occupy(OPS_PORT)])
  const output = await run(signalbox, ['start'], { HOST: '127.0.0.1', PORT, OPS_PORT })
  expect(output).toMatchObject({ code: 1, signal: null, stdout: '' })
  expect(linesOf(output)).toEqual([
    'The configuration has 2 mistakes:',
    `  PORT: another program listens on port ${PORT} of 127.0.0.1 (EADDRINUSE)`,
    `  OPS_PORT: another program listens on port ${OPS_PORT} of 127.0.0.1 (EADDRINUSE)`,
  ])
})

test('signalbox start reports an address of another machine once for both ports', async () => {
  const [PORT = 0, OPS_PORT = 0] = await freePorts(2)
  const output = await run(signalbox, ['start'], { HOST: '192.0.2.1', PORT, OPS_PORT }) // RFC 5737: of no machine
  expect(output).toMatchObject({ code: 1, stdout: '' })
  expect(linesOf(output)).toEqual([
    'The configuration has a mistake:',
    "  HOST: '192.0.2.1' is not an address of this machine (EADDRNOTAVAIL)",
  ])
})

test('signalbox start ends with a sentence when Redis answers but cannot serve a node', async () => {
  const redis = await startRedis(['--maxmemory-policy', 'allkeys-lru'])
  onTestFinished(() => redis.stop())
  const [PORT = 0, OPS_PORT = 0] = await freePorts(2)
  const own = { HOST: '127.0.0.1', PORT, OPS_PORT, LOG_LEVEL: 'silent', SIGNALBOX_SECRET: testSecret }
  const output = await run(signalbox, ['start'], { ...own, REDIS_URL: redis.url.replace('//', '//nobody:hidden@') })
  expect(output).toMatchObject({ code: 1, signal: null, stdout: '' })
  expect(linesOf(output)).toEqual([
    'The store cannot serve this node:',
    expect.stringMatching(/^ {2}REDIS_URL: the server at \S+ does not accept this user and password \(WRONGPASS .*\)$/),
  ])
  const evicting = await run(signalbox, ['start'], { ...own, REDIS_URL: redis.url })
  expect(evicting).toMatchObject({ code: 1, signal: null, stdout: '' })
  expect(linesOf(evicting)).toEqual([expect.any(String), expect.stringMatching(/^ {2}REDIS_URL: .*maxmemory-policy/)])
})

test('a misspelt option causes a warning of signalbox config on stderr, and of signalbox start in the log', async () => {
  const environment = { HOST: '127.0.0.1', PORT: 0, OPS_PORT: 0, REDIS_URI: 'redis://h' }
  const warning = 'REDIS_URI: is not an option and has no effect; is REDIS_URL meant?'
  const { code, stdout, stderr } = await run(signalbox, ['config'], environment)
  expect({ code, stderr }).toEqual({ code: 0, stderr: `${warning}\n` })
  expect(stdout).not.toContain('REDIS_URI')
  const node = start(signalbox, ['start'], { ...environment, LOG_LEVEL: 'warn' })
  const [line] = await node.line(/^.*REDIS_URI.*$/)
  expect(JSON.parse(line)).toMatchObject({ level: 40, msg: warning })
})
