import { createRequire } from 'node:module'
import type { Manifest } from './manifests.ts'

const load = createRequire(import.meta.url)

/** The faults of a manifest: values that the schemas of Kubernetes do not allow, and fields that they do not have. */
export function complaints(manifest: Manifest): string[] {
  const { apiVersion, kind } = manifest
  const read = new Set<string>()
  try {
    validatorOf(apiVersion, kind).call(noting(manifest, '', read))
  } catch (error) {
    return [String(error)]
  }
  return fields(manifest, '').filter((path) => !read.has(path))
}

/** Loaded by `require`, because the manifest determines which one is needed. */
function validatorOf(apiVersion: string, kind: string): () => void {
  const home = apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models'
  const models = load(`${home}/${apiVersion}/${kind}`) as { [name: string]: { prototype: { validate(): void } } }
  const model = models[kind]
  if (model === undefined) throw new Error(`No schema for ${apiVersion} ${kind}`)
  return model.prototype.validate
}

/**
 * The schemas allow unknown fields, as does the API server, which then removes them. But a validator reads every field that it
 * knows, and no other one: a field that it does not read is misspelt.
 */
function noting<T extends object>(value: T, path: string, read: Set<string>): T {
  return new Proxy(value, {
    get(target, key, receiver) {
      const inner: unknown = Reflect.get(target, key, receiver)
      if (typeof key === 'symbol' || !Object.hasOwn(target, key)) return inner
      read.add(`${path}/${key}`)
      return isObject(inner) ? noting(inner, `${path}/${key}`, read) : inner
    },
  })
}

function fields(value: object, path: string): string[] {
  return Object.entries(value).flatMap(([key, inner]) => [
    `${path}/${key}`,
    ...(isObject(inner) ? fields(inner, `${path}/${key}`) : []),
  ])
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
