import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'

export type VisitorOptions = BrowserContextOptions & {
  /** Whether the browser grants camera, microphone and screen. */
  media?: boolean
  /** Console messages that are expected. Errors of the network always are. */
  expected?: RegExp
  /** Run in the page before its own scripts. */
  prepare?: string
}

/** A page in its own browser context, which shares no storage with other visitors. */
export type Visitor = { page: Page; context: BrowserContext }

const flags = [
  '--use-fake-device-for-media-stream',
  // candidates with names such as <uuid>.local need a resolver on the network, which a container does not have
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--autoplay-policy=no-user-gesture-required',
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
  // a page in the background runs as if it were in the foreground
  ...['--disable-background-timer-throttling', '--disable-renderer-backgrounding'],
  '--disable-backgrounding-occluded-windows',
]

/** Grants all permissions and picks the screen. With this flag no permission can be denied. */
const autoGrantFlag = '--use-fake-ui-for-media-stream'

/**
 * Console messages about nodes that do not answer, and about a packet that the page sends after the Close frame of its node has
 * arrived and before the `close` event. A page cannot prevent them.
 */
const networkErrors =
  /net::ERR_|WebSocket connection to|Failed to load resource|^WebSocket is already in CLOSING or CLOSED state/

/**
 * A headless Chromium for the tests of a file, with a fake camera, microphone and screen, and a second one for visitors that do
 * not grant them. A test fails when one of its pages had an uncaught error, or wrote an error to the console. Pages are closed
 * after each test.
 */
export function useBrowser() {
  const browsers = new Map<boolean, Promise<Browser>>()
  const contexts = new Set<BrowserContext>()
  const errors: string[] = []

  const browserOf = (media: boolean) => {
    const asRoot = process.getuid?.() === 0 // Chromium's sandbox refuses root
    const args = media ? [...flags, autoGrantFlag] : flags
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
      context.setDefaultTimeout(10_000) // shorter than a test's timeout: the error names the selector
      if (prepare) await context.addInitScript(prepare)
      const page = await context.newPage()
      const record = (error: string) => {
        if (!expected?.test(error)) errors.push(error)
      }
      page.on('pageerror', (error) => record(error.stack ?? error.message))
      page.on('console', (message) => {
        if (message.type() === 'error' && !networkErrors.test(message.text())) record(message.text())
      })
      await page.goto(url)
      return { page, context }
    },
  }
}

/** The path in CHROMIUM, or the first browser in PATH. @throws Error if there is neither */
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
