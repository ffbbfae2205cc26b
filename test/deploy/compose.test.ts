import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { describeConfig } from '../../src/config/describe.ts'
import { readConfig } from '../../src/config/index.ts'
import { readDocument, root } from '../support/markdown.ts'
import { shippedNodes } from '../support/proxies.ts'

type Service = {
  image: string
  environment?: { [name: string]: string | number }
  volumes?: string[]
  healthcheck?: { test: string[] }
  networks?: { default: { ipv4_address: string } }
  stop_grace_period?: string
  [setting: string]: unknown
}

type Scrape = { static_configs: { targets: string[] }[] }

const text = readDocument('deploy/compose.yaml')
const compose = parse(text, { merge: true }) as { services: { [name: string]: Service }; volumes: object }
const services = Object.entries(compose.services)
const nodes = services.filter(([, { image }]) => image.startsWith('signalbox:'))
const named = (wrong: typeof services) => wrong.map(([name]) => name)

describe('the nodes', () => {
  test('are three that differ only in name and address', () => {
    expect(nodes.map(([, { networks }]) => networks?.default.ipv4_address)).toEqual(shippedNodes)
    for (const [name, { environment }] of nodes) {
      expect(environment).toMatchObject({ NODE_ID: name, NODE_URL: `http://${name}:8080` })
    }
    const same = nodes.map(([, { environment, networks, ...rest }]) => {
      const { NODE_ID, NODE_URL, ...options } = environment ?? {}
      return { ...rest, options }
    })
    expect(same.slice(1)).toEqual([same[0], same[0]])
  })

  test('get only known options, which are valid with the secrets of .env', () => {
    const options = describeConfig({}).map(({ name }) => name)
    const secrets = makeSecrets()
    for (const [, { environment = {} }] of nodes) {
      expect(Object.keys(environment).filter((name) => !options.includes(name))).toEqual([])
      const values = Object.entries(environment).map(([name, value]) => [name, interpolate(`${value}`, secrets)])
      const config = readConfig({ ...Object.fromEntries(values), NODE_ENV: 'production' })
      expect(config.keys[0]).toBe(secrets.SIGNALBOX_SECRET)
      expect(config.redis?.urls).toEqual([`redis://:${secrets.REDIS_PASSWORD}@redis:6379`])
      expect(config.managementKeys).toHaveLength(1)
      expect(config.demo).toBe(false)
    }
  })

  test('have time to move their clients before they are killed', () => {
    for (const [, { stop_grace_period = '', environment }] of nodes) {
      const { drainSeconds } = readConfig({ DRAIN_SECONDS: `${environment?.DRAIN_SECONDS}` })
      expect(Number(/^(\d+)s$/.exec(stop_grace_period)?.[1])).toBeGreaterThan(drainSeconds + 15) // see src/main.ts
    }
  })

  test('have the memory for as many clients as they accept', () => {
    for (const [, { environment, mem_limit }] of nodes) {
      const { maxConnections } = readConfig({ MAX_CONNECTIONS: `${environment?.MAX_CONNECTIONS ?? ''}` })
      const needed = 120 + (maxConnections * 35) / 1024 // MiB, see "Sizing a cluster" in docs/operations.md
      expect(Number(/^(\d+)m$/.exec(`${mem_limit}`)?.[1])).toBeGreaterThan(needed * 1.5)
    }
  })

  test('print why they are not ready when their health check fails', async () => {
    const server = createServer((_request, response) => response.writeHead(503).end('{"reason":"draining"}'))
    onTestFinished(() => void server.close())
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const env = { PATH: process.env.PATH, OPS_PORT: `${(server.address() as AddressInfo).port}` }
    const check = promisify(execFile)(process.execPath, [join(root, 'deploy/healthcheck.mjs'), '/readyz'], { env })
    await expect(check).rejects.toMatchObject({ code: 1, stderr: '/readyz: 503 {"reason":"draining"}\n' })
  })

  test('are named in the configuration of both proxies, and trust the proxy', () => {
    for (const file of ['deploy/nginx.conf', 'deploy/haproxy.cfg']) {
      const addresses = [...readDocument(file).matchAll(/^ *server .*?([\d.]+):8080/gm)].map(([, address]) => address)
      expect(addresses).toEqual(shippedNodes)
    }
    const proxy = compose.services.nginx?.networks?.default.ipv4_address
    expect(nodes.map(([, { environment }]) => environment?.TRUST_PROXY)).toEqual([proxy, proxy, proxy])
  })
})

describe('every service', () => {
  test('has an image of one version, a health check and limits', () => {
    expect(named(services.filter(([, { image }]) => !/:v?\d+\.\d+\.\d+/.test(image)))).toEqual([])
    expect(named(services.filter(([, { healthcheck }]) => !healthcheck?.test.length))).toEqual([])
    expect(named(services.filter(([, { cpus, mem_limit, pids_limit }]) => !cpus || !mem_limit || !pids_limit))).toEqual(
      [],
    )
    const { version } = JSON.parse(readDocument('package.json')) as { version: string }
    expect(new Set(nodes.map(([, { image }]) => image))).toEqual(new Set([`signalbox:${version}`]))
  })

  test('that monitors has existing targets', () => {
    const { scrape_configs } = parse(readDocument('deploy/prometheus.yml')) as { scrape_configs: Scrape[] }
    const targets = scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap((config) => config.targets))
    expect(targets).toEqual(nodes.map(([name]) => `${name}:9464`))
    const { datasources } = parse(readDocument('grafana/provisioning/datasources/prometheus.yaml'))
    expect(datasources[0].url).toBe('http://prometheus:9090')
    const { providers } = parse(readDocument('grafana/provisioning/dashboards/signalbox.yaml'))
    expect(compose.services.grafana?.volumes).toContain(`../grafana/dashboards:${providers[0].options.path}:ro`)
  })

  test('can write only to its volumes, and has no capabilities', () => {
    for (const [name, { read_only, cap_drop, security_opt, privileged }] of services) {
      expect({ name, read_only, cap_drop, security_opt, privileged }).toEqual({
        name,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        privileged: undefined,
      })
    }
  })

  test('mounts existing files', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((volume) => volume.split(':')[0] ?? ''))
    const files = mounts.filter((mount) => mount.startsWith('.'))
    expect(files).toContain('./nginx.conf')
    expect(files.filter((file) => !existsSync(join(root, 'deploy', file)))).toEqual([])
    const volumes = mounts.filter((mount) => !mount.startsWith('.'))
    expect(volumes.toSorted()).toEqual(Object.keys(compose.volumes).toSorted())
  })
})

describe('secrets', () => {
  test('come from .env, which is not committed, and have empty values in the example', () => {
    const used = [...text.matchAll(/\$\{([A-Z_]+)(:[-?])/g)]
    const example = readDocument('deploy/.env.example')
    const known = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name)
    expect(used.map(([, name]) => name).filter((name) => !known.includes(name))).toEqual([])
    expect(known.filter((name) => !used.some(([, other]) => other === name))).toEqual([])
    expect(example.match(/^[A-Z_]+=.*$/gm)?.filter((line) => !/=(\w+:)?$/.test(line))).toEqual([])
    expect(readDocument('.gitignore').split('\n')).toContain('.env')
    for (const [name, value] of services.flatMap(([, { environment = {} }]) => Object.entries(environment))) {
      if (/SECRET|PASSWORD|KEYS|AUTH|REDIS_URL/.test(name)) expect(`${name}=${value}`).toMatch(/\$\{[A-Z_]+:[-?]/)
    }
  })

  test('differ from each other when the command in the example generates them', () => {
    const { MANAGEMENT_KEYS, ...others } = makeSecrets()
    const values = [...Object.values(others), MANAGEMENT_KEYS?.replace(/^admin:/, '')]
    expect(values.length).toBeGreaterThanOrEqual(5)
    for (const value of values) expect(value).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(values).size).toBe(values.length)
  })
})

/** Runs the command of the example; docs/compose.md has the same. */
function makeSecrets(): { [name: string]: string } {
  const example = join(root, 'deploy/.env.example')
  const [, line = ''] = /^# {3}(\(umask .*\.env\))$/m.exec(readFileSync(example, 'utf8')) ?? []
  expect(readDocument('docs/compose.md')).toContain(line.slice(1, -1))
  const cwd = mkdtempSync(join(tmpdir(), 'signalbox-env-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  expect(spawnSync('cp', [example, cwd]).status).toBe(0)
  expect(spawnSync('sh', ['-c', line], { cwd }).status).toBe(0)
  const lines = readFileSync(join(cwd, '.env'), 'utf8').match(/^[A-Z_]+=.*$/gm) ?? []
  return Object.fromEntries(lines.map((setting) => setting.split('=', 2)))
}

/** Replaces `${NAME:-default}` and `${NAME:?error}` as Compose does. */
function interpolate(value: string, env: { [name: string]: string }): string {
  return value.replaceAll(/\$\{([A-Z_]+):([-?])([^}]*)\}/g, (_, name, sign, rest) => {
    if (env[name]) return env[name]
    if (sign === '?') throw new Error(`${name}: ${rest}`)
    return rest
  })
}
