import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/index.ts'
import { readDocument } from '../support/markdown.ts'
import { environmentOf } from './environment.ts'
import { build, installations, one, podOf } from './manifests.ts'

describe.each(installations)('%s', (folder) => {
  const manifests = build(folder)
  const deployment = one<IDeployment>(manifests, 'Deployment')
  const autoscaler = one<IHorizontalPodAutoscaler>(manifests, 'HorizontalPodAutoscaler').spec
  const { labels, spec, container } = podOf(deployment)
  const { startupProbe, livenessProbe, readinessProbe } = container
  const config = readConfig(environmentOf(manifests, { SIGNALBOX_SECRET: 'a'.repeat(32), REDIS_PASSWORD: 'b' }))
  const preStop = container.lifecycle?.preStop?.sleep?.seconds ?? 0
  const stopSeconds = preStop + config.drainSeconds

  test('a node has time to drain', () => {
    expect(preStop).toBeGreaterThanOrEqual(5)
    const [, graceSeconds = ''] = /config\.drainSeconds \+ (\d+)/.exec(readDocument('src/main.ts')) ?? []
    expect(spec.terminationGracePeriodSeconds).toBeGreaterThan(stopSeconds + Number(graceSeconds))
  })

  test('one node stops at a time, and none before its successor is ready', () => {
    expect(deployment.spec?.strategy).toMatchObject({ rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } })
    expect(deployment.spec?.minReadySeconds).toBeGreaterThan(stopSeconds)
    expect(one<IPodDisruptionBudget>(manifests, 'PodDisruptionBudget').spec).toMatchObject({
      maxUnavailable: 1,
      selector: deployment.spec?.selector,
    })
    const down = autoscaler?.behavior?.scaleDown?.policies ?? []
    expect(down).toEqual([{ type: 'Pods', value: 1, periodSeconds: expect.any(Number) }])
    expect(down[0]?.periodSeconds).toBeGreaterThan(stopSeconds)
  })

  test('startup and liveness probes request /healthz, and the readiness probe requests /readyz', () => {
    expect(startupProbe?.httpGet).toEqual({ path: '/healthz', port: 'ops' })
    expect(livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'ops' })
    expect(readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'ops' })
    const secondsToFail = (probe: typeof startupProbe) => (probe?.periodSeconds ?? 0) * (probe?.failureThreshold ?? 0)
    // a restart disconnects all clients, so it needs more failures than not being ready
    expect(secondsToFail(livenessProbe)).toBeGreaterThan(2 * secondsToFail(readinessProbe))
    expect(startupProbe?.periodSeconds).toBeLessThan(livenessProbe?.periodSeconds ?? 0)
    // /readyz waits up to 4.5 s for Redis
    expect(readinessProbe?.timeoutSeconds).toBeGreaterThan(4.5)
  })

  test('nodes are distributed over zones and machines', () => {
    const spread = spec.topologySpreadConstraints ?? []
    expect(spread.map(({ topologyKey }) => topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ])
    const [apart] = spec.affinity?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
    const selectors = [...spread, apart?.podAffinityTerm].map((rule) => rule?.labelSelector?.matchLabels)
    expect(selectors).toEqual([labels, labels, labels])
  })

  test('only the autoscaler sets the number of nodes', () => {
    expect(deployment.spec?.replicas).toBeUndefined()
    expect(autoscaler?.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: 'signalbox' })
    expect(autoscaler?.minReplicas).toBeGreaterThanOrEqual(2)
    expect(autoscaler?.maxReplicas).toBeGreaterThan(autoscaler?.minReplicas ?? 0)
    const [cpu, connections] = autoscaler?.metrics ?? []
    expect(cpu?.resource).toMatchObject({ name: 'cpu', target: { type: 'AverageValue' } })
    const perNode = Number(connections?.pods?.target.averageValue)
    // if one of three nodes is lost, each of the others gets 1.5 times its connections
    expect(1.5 * perNode).toBeLessThan(config.maxConnections)
  })
})
