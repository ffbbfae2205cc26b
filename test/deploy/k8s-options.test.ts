import { copyFileSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import { describe, expect, test } from 'vitest'
import { describeConfig } from '../../src/config/describe.ts'
import { readConfig } from '../../src/config/index.ts'
import { readDocument, root } from '../support/markdown.ts'
import { environmentOf } from './environment.ts'
import { all, build, installations, one, podOf } from './manifests.ts'
import { complaints } from './schemas.ts'

const options = describeConfig({}).map(({ name }) => name)
const secret = { SIGNALBOX_SECRET: 'a'.repeat(64), REDIS_PASSWORD: 'b0b0' }
const isSecret = (name: string) => /SECRET|PASSWORD|KEYS|TOKEN|AUTH$/.test(name)

describe.each(installations)('%s', (folder) => {
  const manifests = build(folder)
  const { container } = podOf(one<IDeployment>(manifests, 'Deployment'))
  const pods = [...all<IDeployment>(manifests, 'Deployment'), ...all<IDeployment>(manifests, 'StatefulSet')].map(podOf)
  const environment = environmentOf(manifests, secret)
  const config = readConfig(environment)

  test('sets only existing options, and variables that they refer to', () => {
    const made = (container.env ?? []).map(({ value = '' }) => value).join()
    const strange = Object.keys(environment).filter((name) => !options.includes(name) && !made.includes(`$(${name})`))
    expect(strange).toEqual([])
  })

  test('sets the id and the URL of a node, and its Redis', () => {
    expect(config.nodeId).toBe('signalbox-6d4b75cb6d-x2x7k')
    expect(config.nodeUrl).toBe(`http://10.1.2.3:${config.port}`)
    const [url = ''] = config.redis?.urls ?? []
    expect(new URL(url).password).toBe(secret.REDIS_PASSWORD)
  })

  test('opens the ports of the options', () => {
    const ports = Object.fromEntries((container.ports ?? []).map((port) => [port.name, port.containerPort]))
    expect(ports).toEqual({ http: config.port, ops: config.opsPort })
  })

  test('does not start without its secrets', () => {
    expect(() => environmentOf(manifests, { SIGNALBOX_SECRET: secret.SIGNALBOX_SECRET })).toThrow('REDIS_PASSWORD')
    expect(() => environmentOf(manifests, { REDIS_PASSWORD: secret.REDIS_PASSWORD })).toThrow('SIGNALBOX_SECRET')
  })

  test('contains no secret', () => {
    expect(all(manifests, 'Secret')).toEqual([])
    const variables = pods.flatMap(({ container }) => container.env ?? [])
    expect(variables.filter(({ name, valueFrom }) => isSecret(name) && !valueFrom?.secretKeyRef)).toEqual([])
    const written = all<IConfigMap>(manifests, 'ConfigMap').flatMap(({ data }) => Object.keys(data ?? {}))
    expect(written.filter(isSecret)).toEqual([])
    const passwords = JSON.stringify(manifests).matchAll(/:\/\/[^/\s"@]*:([^/\s"@]*)@/g)
    expect([...passwords].filter(([, password = '']) => !/^\$\(\w+\)$/.test(password))).toEqual([])
  })

  test('runs the image of its own version', () => {
    const { version } = JSON.parse(readDocument('package.json')) as { version: string }
    expect(container.image).toMatch(new RegExp(`(^|/)signalbox:${version.replaceAll('.', '\\.')}$`))
    const tags = pods.map(({ container }) => /:([^:/]+)$/.exec(container.image ?? '')?.[1])
    expect(tags.filter((tag) => tag === undefined || !/^\d+\.\d+\.\d+/.test(tag))).toEqual([])
  })

  test('runs pods without unnecessary rights, and with limits', () => {
    for (const { spec, container } of pods) {
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: expect.any(Number),
          seccompProfile: { type: 'RuntimeDefault' },
        },
      })
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(Object.keys(container.resources?.requests ?? {}).sort()).toEqual(['cpu', 'memory'])
      expect(Object.keys(container.resources?.limits ?? {}).sort()).toEqual(['cpu', 'memory'])
    }
    expect(one(manifests, 'ServiceAccount')).toMatchObject({ automountServiceAccountToken: false })
  })
})

test('each command that creates the Secret sets the secrets that the nodes need, and a management key', () => {
  const texts = ['docs/kubernetes.md', 'k8s/kustomization.yaml'].map(readDocument).join('\n')
  const commands = texts.match(/create secret generic signalbox .*/g) ?? []
  expect(commands).toHaveLength(3)
  for (const command of commands) {
    const names = [...command.matchAll(/--from-literal=(\w+)=/g)].map(([, name]) => name)
    expect(names).toEqual(['SIGNALBOX_SECRET', 'REDIS_PASSWORD', 'MANAGEMENT_KEYS'])
  }
})

test('in production no client enters without a token', () => {
  const config = readConfig(environmentOf(build('k8s/overlays/production'), secret))
  expect(config).toMatchObject({ production: true, demo: false, anonymousDialects: [] })
  expect(config.corsOrigins).not.toContain('*')
  expect(config.redis?.urls).toEqual([expect.stringMatching(/^rediss:/)])
})

test('the certificate authority of a managed Redis is mounted where Node reads it', () => {
  // as if its line in kustomization.yaml were not a comment
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'signalbox-ca-')))
  try {
    const overlay = join(root, 'k8s/overlays/managed-redis')
    copyFileSync(join(overlay, 'private-ca.yaml'), join(folder, 'private-ca.yaml'))
    const lines = `resources: [${relative(folder, realpathSync(overlay))}]\npatches: [{ path: private-ca.yaml }]\n`
    writeFileSync(join(folder, 'kustomization.yaml'), lines)
    const manifests = build(folder)
    expect(manifests.flatMap(complaints)).toEqual([])
    const { container, spec } = podOf(one<IDeployment>(manifests, 'Deployment'))
    const mounted = container.volumeMounts?.find(({ name }) => name === spec.volumes?.[0]?.name)?.mountPath
    expect(environmentOf(manifests, secret).NODE_EXTRA_CA_CERTS).toBe(`${mounted}/ca.crt`)
    expect(readConfig(environmentOf(manifests, secret)).redis?.urls[0]).toContain(secret.REDIS_PASSWORD)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
