// `npm run screenshots`: takes the pictures in docs/images, of three people in a call. Needs chromium; `CHROMIUM` overrides its path.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'
import { root } from './bootstrap.mjs'
import { build } from './build.mjs'

const chromiumPath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
  (path) => path && existsSync(path),
)
const people = ['Ada Byron', 'Grace', 'Linus']

/** Replaces the camera by one that shows a drawn person. Runs in the page. */
function drawnCamera(hue) {
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 })
    const brush = canvas.getContext('2d')
    const fill = (colour, path) => {
      brush.fillStyle = colour
      brush.beginPath()
      path()
      brush.fill()
    }
    const wall = `oklch(82% 0.06 ${hue})`
    const [hair, skin] = [
      [50, 80],
      [90, 64],
      [30, 86],
    ].map(([tone, light]) => [`oklch(${26 + (tone % 40)}% 0.05 ${tone})`, `oklch(${light}% 0.07 60)`])[
      ((hue / 120) % 3) | 0
    ]
    setInterval(() => {
      const sway = Math.sin(performance.now() / 700) * 6
      fill(wall, () => brush.rect(0, 0, 640, 360))
      fill('rgb(255 255 255 / 18%)', () => brush.roundRect(60, 40, 150, 110, 10))
      fill(`oklch(45% 0.1 ${hue + 150})`, () => brush.ellipse(320 + sway, 380, 150, 130, 0, 0, 7))
      fill(skin, () => brush.roundRect(296 + sway, 220, 48, 60, 20))
      fill(hair, () => brush.ellipse(320 + sway, 150, 82, 92, 0, 0, 7))
      fill(skin, () => brush.ellipse(320 + sway, 172, 66, 80, 0, 0, 7))
      fill(hair, () => brush.ellipse(320 + sway, 108, 74, 42, 0, 0, 7))
      for (const eye of [-24, 24]) fill('#222', () => brush.ellipse(320 + sway + eye, 172, 6, 7, 0, 0, 7))
      brush.lineWidth = 5
      brush.strokeStyle = 'oklch(50% 0.12 25)'
      brush.beginPath()
      brush.arc(320 + sway, 196, 24, 0.3, 2.84)
      brush.stroke()
    }, 50)
    const sound = new AudioContext().createMediaStreamDestination()
    return new MediaStream([...canvas.captureStream(20).getTracks(), ...sound.stream.getTracks()])
  }
}

/** @param env options of the node */
export async function startNode(env = {}) {
  build()
  const node = spawn(process.execPath, [join(root, 'dist/main.js')], {
    env: { PORT: '0', OPS_PORT: '0', NODE_ID: 'oslo', ICE_SERVERS: '[]', LOG_LEVEL: 'silent', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const output of node.stdout) {
    const [url] = /http:\S+/.exec(output) ?? []
    if (url) return { url, end: () => node.kill('SIGKILL') }
  }
  throw new Error('The node did not start')
}

export function startBrowser() {
  if (!chromiumPath)
    throw new Error(
      'chromium is not installed. Install it (sudo apt-get install chromium), or set CHROMIUM to its path.',
    )
  return chromium.launch({ executablePath: chromiumPath, args: ['--disable-features=WebRtcHideLocalIpsWithMdns'] })
}

/** Opens a page in the lobby. @param settings of its browser context: viewport, colorScheme, … */
export async function visit(browser, url, hue = 0, settings = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...settings })
  const page = await context.newPage()
  await page.addInitScript(drawnCamera, hue)
  await page.goto(url)
  return page
}

export async function enter(page, name, room) {
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Room', { exact: true }).fill(room)
  await page.getByRole('button', { name: 'Enter the room' }).click()
  await page.locator('#own-tile[data-video=camera]').waitFor()
}

export async function say(page, text) {
  await page.getByLabel('Message', { exact: true }).fill(text)
  await page.keyboard.press('Enter')
  await page.locator('.message.own[data-state=sent]', { hasText: text }).waitFor()
}

/** Resolves when each page shows the video of all participants. */
export async function inCall(pages) {
  for (const page of pages) {
    const others = page.locator('.tile[data-connection=connected][data-video=camera]')
    await others.nth(pages.length - 1).waitFor()
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.tile video')].every((video) => video.currentTime > 0.5),
    )
  }
}

async function main() {
  const images = join(root, 'docs/images')
  mkdirSync(images, { recursive: true })
  const node = await startNode()
  const browser = await startBrowser()
  try {
    for (const [index, room] of ['Book club', 'Stand-up'].entries())
      await enter(await visit(browser, node.url), `Guest ${index}`, room)
    const pages = []
    for (const [index, name] of people.entries()) {
      const page = await visit(browser, node.url, index * 120 + 150)
      await enter(page, name, 'Signal workshop')
      pages.push(page)
    }
    const [ada, grace, linus] = pages
    await inCall(pages)
    await say(linus, 'Hello! Can you both see me?')
    await say(ada, 'We do. I will kill the node in the middle of this, watch.')
    await say(grace, 'Nothing happened?')
    await say(ada, 'That is the point :)')
    await linus.getByRole('button', { name: 'Mute' }).click()
    await ada.locator('.tile[data-audio=off]').waitFor()
    await ada.screenshot({ path: join(images, 'call.png') })
    await grace.setViewportSize({ width: 360, height: 740 })
    await grace.screenshot({ path: join(images, 'call-phone.png') })
    const lobby = await visit(browser, node.url)
    await lobby.getByLabel('Your name').fill('Margaret')
    await lobby.getByRole('button', { name: 'Enter Signal workshop, 3 people inside' }).waitFor()
    await lobby.screenshot({ path: join(images, 'lobby.png') })
  } finally {
    await browser.close()
    node.end()
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await main()
