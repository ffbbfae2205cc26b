import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type LocalCluster, startLocalCluster } from '../../src/cli/local-cluster/index.ts'
import { UsageError } from './usage-error.ts'

/** The cluster of one run: three nodes as `signalbox cluster` starts them, on free ports. */
export type RunCluster = { cluster: LocalCluster; redisUrl: string; secret: string }

/** @param print gets each line that a node prints @throws UsageError when the cluster does not start */
export async function startRunCluster(print: (line: string) => void): Promise<RunCluster> {
  const { PATH, REDIS_URL } = process.env
  const secret = randomBytes(32).toString('hex')
  const options = {
    nodes: 3,
    program: [process.execPath, fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))] as const,
    environment: {
      ...{ PATH, REDIS_URL },
      REDIS_PREFIX: `load-${randomBytes(4).toString('hex')}`,
      SIGNALBOX_SECRET: secret,
      HOST: '127.0.0.1',
      PORT: '0',
      OPS_PORT: '0',
      LOG_LEVEL: 'warn',
      DRAIN_SECONDS: '1',
    },
    print,
  }
  const cluster = await startLocalCluster(options).catch((error: Error) => {
    throw new UsageError(`The cluster did not start: ${error.message}`)
  })
  return { cluster, redisUrl: REDIS_URL || (cluster.redis?.url ?? ''), secret }
}
