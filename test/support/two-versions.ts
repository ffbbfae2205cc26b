import { oldMain, whyNoOldBuild } from './old-build.ts'
import { type NodeProcess, type ProcessOptions, startProcess } from './process.ts'
import { randomPrefix, redisUrl } from './redis.ts'

export type Version = 'old' | 'new'

export const directions: [from: Version, to: Version][] = [
  ['old', 'new'],
  ['new', 'old'],
]

/** `/node/…` paths and ids of connections contain the name. */
export type VersionedNode = NodeProcess & { name: string }

const reason = whyNoOldBuild()
if (reason !== undefined) console.warn(`No test of mixed versions: ${reason}`)

/** For `describe.skipIf`, and what its title ends with. */
export const cannotMix = reason !== undefined
export const whyNot = reason === undefined ? '' : ` (skipped: ${reason})`

export type MixedOptions = Partial<Pick<ProcessOptions, 'env' | 'until' | 'prefix'>>

/** A node of the old commit, a node of this tree and, if asked for, a second one of this tree: one cluster. */
export async function startVersions(options: MixedOptions = {}): Promise<{ [version in Version]: VersionedNode }> {
  const shared = { prefix: randomPrefix(), ...options }
  const [old, now] = await Promise.all([startVersion('old', shared), startVersion('new', shared)])
  return { old, new: now }
}

/** A node of one version, in the cluster of a prefix. */
export async function startVersion(
  version: Version,
  { env, ...options }: MixedOptions & { prefix: string },
  name: string = version,
): Promise<VersionedNode> {
  const node = await startProcess({
    redisUrl: redisUrl(),
    ...options,
    env: { NODE_ID: name, ...env },
    ...(version === 'old' ? { entry: await oldMain() } : {}),
  })
  return { ...node, name }
}
