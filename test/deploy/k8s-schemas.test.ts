import { describe, expect, test } from 'vitest'
import { build, type Manifest, overlays } from './manifests.ts'
import { complaints } from './schemas.ts'

describe.each(['k8s', ...overlays])('%s', (folder) => {
  const manifests = build(folder)

  test('has each object once, in one namespace', () => {
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(names.length).toBeGreaterThan(1)
    expect(new Set(names).size).toBe(names.length)
    const spaces = manifests.filter(({ kind }) => kind !== 'Namespace').map(({ metadata }) => metadata.namespace)
    expect(new Set(spaces)).toEqual(new Set(['signalbox']))
  })

  test.each(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name}`, manifest] as const))(
    '%s is what its schema asks for',
    (_name, manifest) => expect(complaints(manifest)).toEqual([]),
  )
})

describe('the schemas find', () => {
  const base = build('k8s')
  const broken = (kind: string, from: string, to: string): string[] => {
    const text = JSON.stringify(base.find((manifest) => manifest.kind === kind))
    expect(text).toContain(from)
    return complaints(JSON.parse(text.replaceAll(from, to)) as Manifest)
  }

  test.each([
    ['Deployment', '"terminationGracePeriodSeconds"', '"terminationGraceSeconds"', '/terminationGraceSeconds'],
    ['Deployment', '"readOnlyRootFilesystem"', '"readonlyRootFilesystem"', '/readonlyRootFilesystem'],
    ['Deployment', '"preStop"', '"prestop"', '/prestop'],
    ['NetworkPolicy', '"podSelector":{"matchLabels"', '"podSelector":{"matchlabels"', '/matchlabels'],
    ['HorizontalPodAutoscaler', '"minReplicas"', '"minimumReplicas"', '/minimumReplicas'],
    ['Ingress', '"ingressClassName"', '"ingressClass"', '/ingressClass'],
  ])('in a %s the field %s misspelt as %s', (kind, right, wrong, end) => {
    expect(broken(kind, right, wrong)).toEqual(expect.arrayContaining([expect.stringContaining(end)]))
  })

  test.each([
    ['Deployment', '"containerPort":8080', '"containerPort":"8080"'],
    ['Deployment', '"memory":"1Gi"', '"memory":"1 GB"'],
    ['Deployment', '"failureThreshold":6', '"failureThreshold":"six"'],
    ['Ingress', '"pathType":"Prefix"', '"pathtype":"Prefix"'],
    ['PodDisruptionBudget', '"AlwaysAllow"', '"Always"'],
  ])('in a %s a wrong value: %s as %s', (kind, right, wrong) => {
    expect(broken(kind, right, wrong)).toEqual([expect.stringContaining('Error: data/')])
  })
})
