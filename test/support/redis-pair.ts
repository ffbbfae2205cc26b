import { connect, createServer, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { freePorts } from './ports.ts'
import { until } from './redis.ts'
import { type RedisServer, spawnRedis } from './redis-server.ts'
import { copyUsers } from './redis-user.ts'

/** A master and its replica behind one address, as a managed Redis has it. */
export type RedisPair = {
  url: string
  /** The replica has all that was written so far, and gets no more. */
  lag(): Promise<void>
  /** The address leads to the replica from now on, and what it did not get is gone. */
  failOver(): void
  /** The master forgets everything, as with FLUSHALL. */
  flush(): Promise<void>
  /** The master ends, and one that knows nothing answers in its place. */
  replace(): Promise<void>
}

/** Both are stopped after the test. */
export async function startRedisPair(): Promise<RedisPair> {
  const master = await spawnRedis(() => ['--repl-diskless-sync-delay', '0'])
  onTestFinished(() => master.stop())
  const follow = ['--replicaof', '127.0.0.1', `${master.port}`]
  const replica = await spawnRedis(() => follow)
  onTestFinished(() => replica.stop())
  const admins = [master, replica].map(({ url }) => new Redis(url)) as [Redis, Redis]
  for (const admin of admins) admin.on('error', () => {}) // one of them is stopped
  onTestFinished(() => {
    for (const admin of admins) admin.disconnect()
  })
  const [atMaster, atReplica] = admins
  await until(async () => (await atReplica.info('replication')).includes('master_link_status:up'))
  const address = await startAddress(master)
  return {
    url: address.url,
    lag: async () => {
      await atMaster.set('mark', 'x')
      await atMaster.wait(1, 5000)
      await atReplica.replicaof('NO', 'ONE')
      await copyUsers(atMaster, atReplica)
    },
    failOver: () => address.lead(replica),
    flush: async () => {
      await atMaster.flushall()
    },
    replace: async () => {
      const empty = await spawnRedis()
      onTestFinished(() => empty.stop())
      const atEmpty = new Redis(empty.url)
      await copyUsers(atMaster, atEmpty)
      atEmpty.disconnect()
      address.lead(empty)
      await master.stop()
    },
  }
}

/** One address for servers that take each other's place. */
async function startAddress(first: RedisServer) {
  let target = first
  const open = new Set<Socket>()
  const proxy = createServer((client) => {
    const server = connect(target.port, '127.0.0.1')
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      open.add(from)
      from.setNoDelay(true)
      from.pipe(to)
      from.on('error', () => to.destroy())
      from.on('close', () => {
        open.delete(from)
        to.destroy()
      })
    }
  })
  const [port = 0] = await freePorts(1)
  await new Promise<void>((resolve) => proxy.listen(port, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  onTestFinished(async () => {
    cut()
    await new Promise((resolve) => proxy.close(resolve))
  })
  return {
    url: `redis://127.0.0.1:${port}`,
    lead: (server: RedisServer) => {
      target = server
      cut()
    },
  }
}
