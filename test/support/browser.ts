import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'

export type VisitorOptions = BrowserContextOptions & {
  /** Whether the person allows camera, microphone and screen. */
  media?: boolean
  /** Messages of the console that are expected: errors of the network, as of a node that was killed, always are. */
  expected?: RegExp
  /** Run in the page before its own scripts. */
  prepare?: string
}

/** A person at a browser of their own: nothing is shared with the others but the machine. */
export type Visitor = { page: Page; context: BrowserContext }

const flags = [
  '--use-fake-device-for-media-stream',
  // names such as <uuid>.local that stand for addresses need a resolver on the network, which a container has not
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--autoplay-policy=no-user-gesture-required',
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  // a page behind another one works on as if it were in front
  ...['--disable-background-timer-throttling', '--disable-renderer-backgrounding'],
  '--disable-backgrounding-occluded-windows',
]

/** Says yes to whatever the browser asks, and picks the screen; it does not let anyone refuse. */
const agreeing = '--use-fake-ui-for-media-stream'

/** What the console says when a node does not answer, whatever the page does about it. */
const network = /net::ERR_|WebSocket connection to|Failed to load resource/

/**
 * One headless Chromium for the tests of a file, with camera, microphone and screen that are made up, and one more when
 * somebody does not allow them. A test fails when one
 * of its pages had an error that nobody caught, or wrote one to the console. Pages are closed after each test.
 */
export function useBrowser() {
  const browsers = new Map<boolean, Promise<Browser>>()
  const contexts = new Set<BrowserContext>()
  const errors: string[] = []

  const browserOf = (media: boolean) => {
    const asRoot = process.getuid?.() === 0 // Chromium's sandbox refuses root
    const args = media ? [...flags, agreeing] : flags
    const started =
      browsers.get(media) ?? chromium.launch({ executablePath: findChromium(), args, chromiumSandbox: !asRoot })
    browsers.set(media, started)
    return started
  }

  beforeAll(() => browserOf(true))
  afterEach(async () => {
    await Promise.all([...contexts].map((context) => context.close()))
    contexts.clear()
    expect(errors.splice(0)).toEqual([])
  })
  afterAll(async () => {
    for (const started of browsers.values()) await (await started).close()
  })

  return {
    async visit(url: string, { media = true, expected, prepare, ...settings }: VisitorOptions = {}): Promise<Visitor> {
      const context = await (await browserOf(media)).newContext(settings)
      contexts.add(context)
      context.setDefaultTimeout(10_000) // says what it waited for before the test's own time is over
      if (prepare) await context.addInitScript(prepare)
      const page = await context.newPage()
      const note = (error: string) => {
        if (!expected?.test(error)) errors.push(error)
      }
      page.on('pageerror', (error) => note(error.stack ?? error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' && !network.test(message.text())) note(message.text())
      })
      await page.goto(url)
      return { page, context }
    },
  }
}

/** That of CHROMIUM, or the first in PATH. @throws Error when there is none */
export function findChromium(): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const found = [process.env.CHROMIUM, ...folders.flatMap((folder) => names.map((name) => join(folder, name)))].find(
    (path) => path && isExecutable(path),
  )
  if (found) return found
  throw new Error('The browser tests need chromium: sudo apt-get install chromium, or CHROMIUM=its path')
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
