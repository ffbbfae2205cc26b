import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { useBrowser } from '../support/browser.ts'
import { startNode } from '../support/node.ts'

const key = 'the key of the tests'
const browser = useBrowser()
const node = await startNode({
  env: { MANAGEMENT_KEYS: `tests:${key}`, PUBLIC_URL: 'https://calls.example/signal' },
})

/** `GET /v1/rooms`, for each operation of the OpenAPI document. */
async function described(): Promise<string[]> {
  const { paths } = (await (await fetch(`${node.url}/docs/json`)).json()) as { paths: { [path: string]: object } }
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

/** The same for each operation that the page shows. The page breaks paths by characters without width. */
async function listed(page: Page): Promise<string[]> {
  const texts = await page.locator('.opblock-summary').evaluateAll((summaries) =>
    summaries.map((summary) => {
      const text = (part: string) => summary.querySelector(`.opblock-summary-${part}`)?.textContent
      return `${text('method')} ${text('path')}`
    }),
  )
  return texts.map((text) => text.replaceAll('\u200B', ''))
}

// a violation of the page's policy is an error on the console, and fails the test
test.each(['/docs', '/docs/?from=elsewhere', '/signal/docs'])(
  'the page at %s lists every operation, and sends a request with a key to the node',
  async (path) => {
    const { page } = await browser.visit(`${node.url}${path}`)
    const operations = (await described()).toSorted()
    await expect.poll(async () => (await listed(page)).toSorted(), { timeout: 10_000 }).toEqual(operations)

    await page.getByRole('button', { name: 'Authorize' }).click()
    await page.getByLabel('auth-bearer-value').first().fill(key)
    await page.getByRole('button', { name: 'Apply credentials' }).first().click()
    await page.getByRole('button', { name: 'Close' }).first().click()

    const block = page.locator('#operations-nodes-get_v1_nodes')
    await block.locator('.opblock-summary').click()
    await block.getByRole('button', { name: 'Try it out' }).click()
    const request = page.waitForRequest((request) => request.url().endsWith('/v1/nodes'))
    await block.getByRole('button', { name: 'Execute' }).click()
    const prefix = path.startsWith('/signal') ? '/signal' : ''
    expect((await request).url()).toBe(`${node.url}${prefix}/v1/nodes`)
    expect(await block.locator('.live-responses-table .response-col_status').last().textContent()).toBe('200')
  },
)
