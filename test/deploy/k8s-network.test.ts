import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress'
import type { IService } from 'kubernetes-models/v1/Service'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/index.ts'
import { environmentOf } from './environment.ts'
import { all, build, installations, type Manifest, one, podOf } from './manifests.ts'
import { allowed, type Party } from './policies.ts'

const configOf = (manifests: Manifest[]) =>
  readConfig(environmentOf(manifests, { SIGNALBOX_SECRET: 'a'.repeat(32), REDIS_PASSWORD: 'b' }))

function partyOf(manifests: Manifest[], kind: string, name: string): Party {
  const { labels, container } = podOf(one<IDeployment>(manifests, kind, name))
  const ports = Object.fromEntries((container.ports ?? []).map((port) => [port.name ?? '', port.containerPort]))
  return { namespace: 'signalbox', labels, ports }
}

describe.each(installations)('%s', (folder) => {
  const manifests = build(folder)
  const config = configOf(manifests)
  const workloads = [...all<IDeployment>(manifests, 'Deployment'), ...all<IDeployment>(manifests, 'StatefulSet')]
  const node = partyOf(manifests, 'Deployment', 'signalbox')

  test('selectors match pods, and services name ports of these pods', () => {
    for (const workload of workloads) {
      expect(podOf(workload).labels).toMatchObject(workload.spec?.selector.matchLabels ?? { none: true })
    }
    const services = all<IService>(manifests, 'Service')
    expect(services.length).toBeGreaterThan(1)
    for (const { metadata, spec } of services) {
      const pod = workloads
        .map(podOf)
        .find(({ labels }) => Object.entries(spec?.selector ?? {}).every(([k, v]) => labels[k] === v))
      const names = pod?.container.ports?.map(({ name }) => name)
      for (const { targetPort } of spec?.ports ?? []) expect(names, metadata.name).toContain(targetPort)
    }
    for (const { spec } of all<{ spec: { serviceName: string } }>(manifests, 'StatefulSet')) {
      expect(one(manifests, 'Service', spec.serviceName)).toBeDefined()
    }
  })

  test('metrics are available inside the cluster only, of every node, ready or not', () => {
    expect(one<IService>(manifests, 'Service', 'signalbox-metrics').spec).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    })
    const published = all<IIngress>(manifests, 'Ingress').flatMap(({ spec }) => backends(spec))
    expect(published.length).toBeGreaterThan(0)
    expect(published.filter(({ name, port }) => name !== 'signalbox' || port !== 'http')).toEqual([])
    const { ports } = one<IService>(manifests, 'Service').spec ?? {}
    expect(ports?.map(({ name }) => name)).toEqual(['http'])
  })

  test('the Ingress keeps idle WebSockets open, and forwards all paths of clients', () => {
    const ingress = one<IIngress>(manifests, 'Ingress')
    const { annotations = {} } = ingress.metadata as { annotations?: { [name: string]: string } }
    const annotation = (name: string) => annotations[`nginx.ingress.kubernetes.io/${name}`]
    const silence = config.pingInterval + config.pingTimeout
    expect(Number(annotation('proxy-read-timeout'))).toBeGreaterThan(silence)
    expect(Number(annotation('proxy-send-timeout'))).toBeGreaterThan(silence)
    expect(annotation('proxy-http-version')).toBe('1.1')
    expect(annotation('proxy-buffering')).toBe('off')
    const paths = ingress.spec?.rules?.flatMap(({ http }) => http?.paths.map(({ path = '' }) => path) ?? []) ?? []
    for (const clientPath of ['/socket.io/', '/v1/ice-servers']) {
      expect(paths.some((path) => clientPath.startsWith(path))).toBe(true)
    }
    if (config.production) expect(paths.some((path) => '/v1/rooms'.startsWith(path))).toBe(false)
    expect(config.trustProxy).toBe(1)
  })

  test('the NetworkPolicies allow only the necessary connections', () => {
    const from = (namespace: string, labels = {}): Party => ({ namespace, labels })
    const ingress = from('ingress-nginx')
    const prometheus = from('monitoring')
    const dns = from('kube-system')
    const { port, opsPort } = config
    expect(allowed(manifests, ingress, node, port)).toBe(true)
    expect(allowed(manifests, node, node, port)).toBe(true)
    expect(allowed(manifests, prometheus, node, opsPort)).toBe(true)
    expect(allowed(manifests, node, dns, 53, 'UDP')).toBe(true)
    expect(allowed(manifests, node, dns, 53)).toBe(true)
    expect(allowed(manifests, node, { address: '169.254.20.10' }, 53, 'UDP')).toBe(true)

    expect(allowed(manifests, ingress, node, opsPort)).toBe(false)
    expect(allowed(manifests, node, node, opsPort)).toBe(false)
    expect(allowed(manifests, prometheus, node, port)).toBe(false)
    expect(allowed(manifests, from('default'), node, port)).toBe(false)
    expect(allowed(manifests, from('signalbox'), node, port)).toBe(false)
    expect(allowed(manifests, node, { address: '198.51.100.7' }, 443)).toBe(false)
    expect(allowed(manifests, node, { address: '169.254.169.254' }, 80)).toBe(false)
  })
})

test('only nodes may connect to Redis', () => {
  const manifests = build('k8s')
  const { hostname, port } = new URL(configOf(manifests).redis?.urls[0] ?? '')
  const service = one<IService>(manifests, 'Service', hostname)
  expect(service.spec?.ports).toEqual([{ name: 'redis', port: Number(port), targetPort: 'redis' }])
  const [node, redis] = [partyOf(manifests, 'Deployment', 'signalbox'), partyOf(manifests, 'StatefulSet', hostname)]
  expect(allowed(manifests, node, redis, 6379)).toBe(true)
  expect(allowed(manifests, { namespace: 'signalbox', labels: {} }, redis, 6379)).toBe(false)
  expect(allowed(manifests, { namespace: 'monitoring', labels: {} }, redis, 6379)).toBe(false)
  expect(allowed(manifests, redis, node, 8080)).toBe(false)
  expect(allowed(manifests, redis, { address: '198.51.100.7' }, 443)).toBe(false)
})

test('with a managed Redis nodes may connect to it, and the manifests have no other Redis', () => {
  const manifests = build('k8s/overlays/managed-redis')
  const node = partyOf(manifests, 'Deployment', 'signalbox')
  const { protocol, username, port } = new URL(configOf(manifests).redis?.urls[0] ?? '')
  expect([protocol, username]).toEqual(['rediss:', 'signalbox'])
  expect(allowed(manifests, node, { address: '10.0.3.4' }, Number(port))).toBe(true)
  expect(allowed(manifests, node, { address: '198.51.100.7' }, Number(port))).toBe(false)
  expect(JSON.stringify(manifests)).not.toContain('signalbox-redis')
})

function backends(spec: IIngress['spec']) {
  const paths = spec?.rules?.flatMap(({ http }) => http?.paths ?? []) ?? []
  return paths.map(({ backend }) => ({ name: backend.service?.name, port: backend.service?.port?.name }))
}
