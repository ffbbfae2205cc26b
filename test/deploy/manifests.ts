import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IPodSpec } from 'kubernetes-models/v1/PodSpec'
import { parseAllDocuments } from 'yaml'
import { root } from '../support/markdown.ts'

export type Manifest = { apiVersion: string; kind: string; metadata: { name: string; namespace?: string } }

/** The objects that `kubectl apply -k` would send, by folder. */
export function build(folder: string): Manifest[] {
  const text = execFileSync('kubectl', ['kustomize', resolve(root, folder)], { encoding: 'utf8' })
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest)
}

export const overlays = readdirSync(join(root, 'k8s/overlays')).map((name) => `k8s/overlays/${name}`)

/** The folders whose manifests contain nodes. */
export const installations = ['k8s', ...overlays.filter((folder) => existsSync(join(root, folder, 'nodes.yaml')))]

/** All objects of a kind, cast to the caller's type: other tests check the schemas. */
export function all<T>(manifests: Manifest[], kind: string): (T & Manifest)[] {
  return manifests.filter((manifest) => manifest.kind === kind) as (T & Manifest)[]
}

export function one<T>(manifests: Manifest[], kind: string, name = 'signalbox'): T & Manifest {
  const found = all<T>(manifests, kind).find(({ metadata }) => metadata.name === name)
  if (found === undefined) throw new Error(`There is no ${kind} ${name}`)
  return found
}

/** The pod of a Deployment or a StatefulSet, with its only container. */
export function podOf(workload: Pick<IDeployment, 'spec'>) {
  const { metadata, spec } = workload.spec?.template ?? {}
  const [container, ...others] = spec?.containers ?? []
  if (spec === undefined || container === undefined || others.length > 0) throw new Error('Expected one container')
  return { labels: metadata?.labels ?? {}, spec: spec as IPodSpec, container }
}
