import { beforeAll, expect } from 'vitest'
import { useBrowser, type VisitorOptions } from '../support/browser.ts'
import { type NodeProcess, startProcesses } from '../support/process.ts'
import { randomPrefix, redisUrl } from '../support/redis.ts'
import { DemoPage } from './demo-page.ts'

const key = 'the key of the tests'

/** `query` precedes the nodes in the page's URL. `below` a path the URL has no nodes, and the page uses its own server. */
type Visit = VisitorOptions & { path?: string; query?: string; below?: string }

type Options = { [name: string]: string }

/**
 * Nodes that serve the demo, three by default, and a browser, for the tests of a file. A test that kills a node removes it from
 * `nodes`. `env` has further options of the nodes.
 */
export function useDemo({ count = 3, env: extraEnv }: { count?: number; env?: () => Promise<Options> } = {}) {
  const browser = useBrowser()
  const nodes: NodeProcess[] = []

  beforeAll(async () => {
    const env = { ICE_SERVERS: '[]', MANAGEMENT_KEYS: `tests:${key}`, ...(await extraEnv?.()) }
    const processOptions = { redisUrl: redisUrl(), prefix: randomPrefix(), env, until: 'after the file' } as const
    nodes.push(...(await startProcesses(count, processOptions)))
  })

  return {
    nodes,

    /** Opens a page whose list of nodes begins with the node of this index, to which it connects first. */
    async visit(
      name: string,
      index: number,
      { path = '', query = '', below, ...options }: Visit = {},
    ): Promise<DemoPage> {
      const urls = nodes.map((_, offset) => nodes[(index + offset) % nodes.length]?.url ?? '')
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
