import { connect, createServer, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { freePorts } from './ports.ts'
import { type RedisServer, spawnRedis } from './redis-server.ts'
import { copyUsers } from './redis-user.ts'
import { until } from './until.ts'

/** A master and its replica behind one address, as in a managed Redis. */
export type RedisPair = {
  url: string
  /** Stops the replication: the replica has everything that was written so far, and receives nothing more. */
  stopReplication(): Promise<void>
  /** Forwards the address to the replica from now on. Writes that the replica did not receive are lost. */
  failOver(): void
  /** Deletes all data of the master. */
  flush(): Promise<void>
  /** Stops the master, and forwards the address to an empty server. */
  replace(): Promise<void>
}

/** Starts a master and its replica. Both are stopped after the test. */
export async function startRedisPair(): Promise<RedisPair> {
  const master = await spawnRedis(() => ['--repl-diskless-sync-delay', '0'])
  onTestFinished(() => master.stop())
  const replicaArgs = ['--replicaof', '127.0.0.1', `${master.port}`]
  const replica = await spawnRedis(() => replicaArgs)
  onTestFinished(() => replica.stop())
  const admins = [master, replica].map(({ url }) => new Redis(url)) as [Redis, Redis]
  for (const admin of admins) admin.on('error', () => {}) // one of them is stopped
  onTestFinished(() => {
    for (const admin of admins) admin.disconnect()
  })
  const [atMaster, atReplica] = admins
  await until(async () => (await atReplica.info('replication')).includes('master_link_status:up'))
  const address = await startForwarder(master)
  return {
    url: address.url,
    stopReplication: async () => {
      await atMaster.set('mark', 'x')
      await atMaster.wait(1, 5000)
      await atReplica.replicaof('NO', 'ONE')
      await copyUsers(atMaster, atReplica)
    },
    failOver: () => address.forwardTo(replica),
    flush: async () => {
      await atMaster.flushall()
    },
    replace: async () => {
      const empty = await spawnRedis()
      onTestFinished(() => empty.stop())
      const atEmpty = new Redis(empty.url)
      await copyUsers(atMaster, atEmpty)
      atEmpty.disconnect()
      address.forwardTo(empty)
      await master.stop()
    },
  }
}

/** Forwards one address to one server at a time. */
async function startForwarder(first: RedisServer) {
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
    forwardTo: (server: RedisServer) => {
      target = server
      cut()
    },
  }
}
