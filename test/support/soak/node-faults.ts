import { setTimeout as pause } from 'node:timers/promises'
import type { Disturbance } from './disturbance.ts'

const indexOf = (nodes: readonly unknown[], share: number) => Math.floor(share * nodes.length)

/** A node is killed and restarted, drained and restarted, paused for a while, or cut off from Redis. */
export const nodeFaults: Disturbance[] = [
  {
    name: 'SIGKILL of a node',
    run: async ({ cluster, random }) => {
      await cluster.restart(indexOf(cluster.nodes, random.next()), 'SIGKILL')
      await cluster.allReady()
    },
  },
  {
    name: 'SIGTERM of a node',
    run: async ({ cluster, random, mistakes }) => {
      const { code } = await cluster.restart(indexOf(cluster.nodes, random.next()), 'SIGTERM')
      if (code !== 0) mistakes.push(`a node that was drained ended with code ${code}`)
      await cluster.allReady()
    },
  },
  {
    name: 'SIGSTOP of a node',
    run: async ({ cluster, random, maxOutageMs }) => {
      const node = random.pick(cluster.nodes)
      node.kill('SIGSTOP')
      await pause(random.next() * maxOutageMs)
      node.kill('SIGCONT')
      await cluster.allReady()
    },
  },
  {
    name: 'a node is cut off from Redis',
    run: async ({ cluster, random, maxOutageMs }) => {
      if (cluster.links.length === 0) return
      const link = random.pick(cluster.links)
      await link.refuse()
      await pause(random.next() * maxOutageMs)
      await link.pass()
      await cluster.allReady()
    },
  },
]
