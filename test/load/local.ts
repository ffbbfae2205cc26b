import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { type LocalCluster, startLocalCluster } from '../../src/cli/local-cluster/index.ts'
import { Mistake } from './usage-error.ts'

/** A cluster for one run: three nodes as `signalbox cluster` starts them, on any free ports. */
export type RunCluster = { cluster: LocalCluster; redisUrl: string; secret: string }

/** @param say is given what the nodes print @throws Mistake */
export async function startRunCluster(say: (line: string) => void): Promise<RunCluster> {
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
    say,
  }
  const cluster = await startLocalCluster(options).catch((error: Error) => {
    throw new Mistake(`The cluster did not start: ${error.message}`)
  })
  return { cluster, redisUrl: REDIS_URL || (cluster.redis?.url ?? ''), secret }
}
