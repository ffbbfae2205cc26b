import { createRequire } from 'node:module'
import type { Manifest } from './manifests.ts'

const load = createRequire(import.meta.url)

/** What Kubernetes would refuse: values that its schemas do not allow, and fields that they do not have. */
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

/** By `require`: which one is known only when a manifest is read. */
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
 * The schemas allow fields that they do not name, as the API server does, which then drops them. But their validators ask for
 * every field that they know, and for no other: what is never asked for is misspelt.
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
