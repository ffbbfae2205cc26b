import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { writeReport } from '../load/report/report.ts'
import { readScenarios } from '../load/scenario.ts'
import { useBrowser } from '../support/browser.ts'
import { knownOutcome } from '../unit/load/outcome.ts'

const browser = useBrowser()
const [scenario] = readScenarios()
if (!scenario) throw new Error('test/load/scenarios is empty')
const out = mkdtempSync(join(tmpdir(), 'signalbox-report-'))
afterAll(() => rmSync(out, { recursive: true }))
const options = { scenario, targets: [], duration: 10, ramp: 1, users: 10, rate: 1, out }
const path = writeReport({ options, outcome: knownOutcome(), local: true, targets: ['http://a'], when: new Date(0) })
const url = pathToFileURL(path).href

test.each(['light', 'dark'] as const)(
  'the report draws each chart in the %s, without a network',
  async (colorScheme) => {
    const { page } = await browser.visit(url, { colorScheme, offline: true })
    const figures = page.locator('figure[data-chart]')
    expect(await figures.count()).toBeGreaterThan(3)
    for (const figure of await figures.all()) {
      const { drawn, expected } = await figure.evaluate((element) => {
        const canvas = element.querySelector('canvas')
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        const drawn = new Set<string>()
        for (let at = 0; at < data.length; at += 4) {
          if (data[at + 3] === 255) drawn.add(`rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`)
        }
        const swatch = element.querySelector('.legend li:last-child i')
        return {
          drawn: [...drawn],
          expected: element.ownerDocument.defaultView.getComputedStyle(swatch).backgroundColor,
        }
      })
      expect(drawn).toContain(expected) // no other line covers the last
    }
  },
)

test('the report shows the values at the pointer', async () => {
  const { page } = await browser.visit(url, { offline: true })
  const throughput = page.locator('figure', { hasText: 'Throughput' })
  await throughput.locator('.u-over').hover()
  const tip = throughput.locator('.tip')
  expect(await tip.innerText()).toMatch(/^[56] s\s+sent 100\s+received 700$/)
  expect(await page.locator('.tip:visible').count()).toBe(1)
})
