import { beforeAll, expect } from 'vitest'
import { useBrowser, type VisitorOptions } from '../support/browser.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { DemoPage } from './demo-page.ts'

const key = 'the key of the tests'

/** `query` goes before the nodes in the page's address, which are left out `below` a path: the page's own server is used. */
type Visit = VisitorOptions & { path?: string; query?: string; below?: string }

type Options = { [name: string]: string }

/**
 * Nodes that serve the demo, three unless `count` says otherwise, and a browser, for the tests of a file. Who kills a
 * node takes it out of `nodes`. `env` gives them options of their own.
 */
export function useDemo({ count = 3, env: own }: { count?: number; env?: () => Promise<Options> } = {}) {
  const browser = useBrowser()
  const nodes: NodeProcess[] = []

  beforeAll(async () => {
    const env = { ICE_SERVERS: '[]', MANAGEMENT_KEYS: `tests:${key}`, ...(await own?.()) }
    const how = { redisUrl: redisUrl(), prefix: randomPrefix(), env, until: 'after the file' } as const
    nodes.push(...(await startProcesses(count, how)))
  })

  return {
    nodes,

    /** A person at a page whose addresses begin with the node of this index, and which takes the first one first. */
    async visit(
      name: string,
      index: number,
      { path = '', query = '', below, ...options }: Visit = {},
    ): Promise<DemoPage> {
      const urls = nodes.map((_, turn) => nodes[(index + turn) % nodes.length]?.url ?? '')
      const address = below ? `${urls[0]}/${below}/${path}?${query}` : `${urls[0]}/${path}?${query}&node=${urls.join()}`
      return new DemoPage(await browser.visit(address, options), name)
    },

    async manage(method: string, path: string, body: object): Promise<void> {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
      const { ok, status } = await fetch(`${nodes[1]?.url}${path}`, { method, headers, body: JSON.stringify(body) })
      expect(ok, String(status)).toBe(true)
    },
  }
}
