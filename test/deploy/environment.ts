import type { IDeployment } from 'kubernetes-models/apps/v1/Deployment'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IEnvVar } from 'kubernetes-models/v1/EnvVar'
import { all, type Manifest, one, podOf } from './manifests.ts'

/** The environment of a pod when the Secret has these values, as the kubelet builds it. @throws Error for a missing key, for which a pod would wait */
export function environmentOf(manifests: Manifest[], secret: { [key: string]: string }): { [name: string]: string } {
  const { container } = podOf(one<IDeployment>(manifests, 'Deployment'))
  const environment: { [name: string]: string } = {}
  for (const { configMapRef } of container.envFrom ?? []) {
    const map = all<IConfigMap>(manifests, 'ConfigMap').find(({ metadata }) => metadata.name === configMapRef?.name)
    if (map === undefined) throw new Error(`There is no ConfigMap ${configMapRef?.name}`)
    Object.assign(environment, map.data)
  }
  for (const variable of container.env ?? []) {
    const value = valueIn(variable, secret, environment)
    if (value !== undefined) environment[variable.name] = value
  }
  return environment
}

const fields: { [path: string]: string } = { 'metadata.name': 'signalbox-6d4b75cb6d-x2x7k', 'status.podIP': '10.1.2.3' }

function valueIn({ name, value, valueFrom }: IEnvVar, secret: { [key: string]: string }, before: object) {
  const { fieldRef, secretKeyRef } = valueFrom ?? {}
  if (fieldRef) return fields[fieldRef.fieldPath]
  if (secretKeyRef) {
    const found = secretKeyRef.name === 'signalbox' ? secret[secretKeyRef.key] : undefined
    if (found === undefined && !secretKeyRef.optional) throw new Error(`The Secret has no ${secretKeyRef.key}`)
    return found
  }
  // a reference resolves only to an earlier variable; any other text is unchanged
  const known = new Map(Object.entries(before))
  return (value ?? '').replace(/\$\(([^)]+)\)/g, (written, inner: string) => {
    if (inner === name || !known.has(inner)) return written
    return String(known.get(inner))
  })
}
