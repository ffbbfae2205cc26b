import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Visitor } from '../support/browser.ts'
import { eventually } from './page-user.ts'

/** The parts of the page's script from which a test reads what arrived over the connections. */
type Demo = { demo: { mesh: { connections: ReadonlyMap<string, Connection> } } }
type Connection = { connectionState: string; getStats(): Promise<ReadonlyMap<string, Report>> }
type Report = {
  type: string
  framesDecoded?: number
  totalSamplesDuration?: number
  totalAudioEnergy?: number
} & CandidateStats
/** Fields of the reports of a transport, its candidate pair and its candidates. */
type CandidateStats = {
  selectedCandidatePairId?: string
  localCandidateId?: string
  remoteCandidateId?: string
  candidateType?: string
}
type TileElement = { dataset: { participant?: string }; querySelector(what: string): Video & { textContent: string } }
declare const document: { querySelectorAll(what: string): Iterable<TileElement> }

type Video = { videoWidth: number; videoHeight: number; paused: boolean }
declare class Canvas {
  constructor(width: number, height: number)
  getContext(kind: '2d'): {
    drawImage(image: Video, ...place: number[]): void
    getImageData(...place: number[]): { data: Uint8ClampedArray }
  }
}

export type Incoming = { frames: number; seconds: number; energy: number }

/** A user of the demo, who reads the page and uses its controls. */
export class DemoPage {
  readonly page: Page
  readonly visitor: Visitor
  readonly name: string

  constructor(visitor: Visitor, name: string) {
    this.visitor = visitor
    this.page = visitor.page
    this.name = name
  }

  at(selector: string): Locator {
    return this.page.locator(selector)
  }

  /** The tile of another participant. */
  tile(name: string): Locator {
    return this.at('.tile:not(#own-tile)').filter({ hasText: name })
  }

  async enter(room: string): Promise<void> {
    await this.at('#nickname').fill(this.name)
    await this.at('#room-name').fill(room)
    await this.at('#enter').click()
    await this.at('#room').waitFor()
  }

  /** Sends a text to the chosen receiver. Resolves before it has arrived. */
  async send(text: string): Promise<void> {
    await this.at('#text').fill(text)
    await this.at('#text').press('Enter')
  }

  /** Sends 1, 2, 3 … as texts until `stop`, which returns the last number. */
  async count(ms: number): Promise<void> {
    await this.page.evaluate(`{
      const [text, form] = ['text', 'chat-form'].map((id) => document.getElementById(id))
      let sent = 0
      const timer = setInterval(() => {
        sent += 1
        text.value = String(sent)
        form.requestSubmit()
      }, ${ms})
      globalThis.stopCounting = () => {
        clearInterval(timer)
        return sent
      }
    }`)
  }

  stop(): Promise<number> {
    return this.page.evaluate('stopCounting()')
  }

  /** The texts of others to everyone, in order. */
  received(): Promise<string[]> {
    return this.at('.message:not(.own):not(.alone) .message-text').allTextContents()
  }

  /** The media received from the participant of a tile. */
  incoming(name: string): Promise<Incoming> {
    return this.tile(name).evaluate(async ({ dataset }: { dataset: { participant?: string } }) => {
      const { connections } = (globalThis as unknown as Demo).demo.mesh
      const connection = connections.get(dataset.participant ?? '')
      const reports = [...((await connection?.getStats()) ?? new Map<string, Report>()).values()]
      const incoming = reports.filter(({ type }) => type === 'inbound-rtp')
      const sum = (field: 'framesDecoded' | 'totalSamplesDuration' | 'totalAudioEnergy') =>
        incoming.reduce((total, report) => total + (report[field] ?? 0), 0)
      return { frames: sum('framesDecoded'), seconds: sum('totalSamplesDuration'), energy: sum('totalAudioEnergy') }
    })
  }

  /** The names of the participants whose tiles show video that arrives over a connection. */
  sees(): Promise<string[]> {
    return this.page.evaluate(async () => {
      const { connections } = (globalThis as unknown as Demo).demo.mesh
      const names: string[] = []
      for (const tile of document.querySelectorAll('.tile:not(#own-tile)')) {
        const connection = connections.get(tile.dataset.participant ?? '')
        const reports = [...((await connection?.getStats()) ?? new Map<string, Report>()).values()]
        const frames = Math.max(0, ...reports.map(({ framesDecoded = 0 }) => framesDecoded))
        const { videoWidth, paused } = tile.querySelector('video')
        const shown = connection?.connectionState === 'connected' && frames > 5 && videoWidth > 0 && !paused
        if (shown) names.push(tile.querySelector('.tile-name').textContent)
      }
      return names.sort()
    })
  }

  /** The kinds of candidates (host, srflx, prflx, relay) that the media uses, and those that the other participant has sent. */
  candidateKinds(name: string): Promise<{ used: unknown[]; remote: unknown[] }> {
    return this.tile(name).evaluate(async ({ dataset }: { dataset: { participant?: string } }) => {
      const { connections } = (globalThis as unknown as Demo).demo.mesh
      const stats: ReadonlyMap<string, Report> =
        (await connections.get(dataset.participant ?? '')?.getStats()) ?? new Map()
      const reports = [...stats.values()]
      const transport = reports.find(({ type }) => type === 'transport')
      const pair = stats.get(transport?.selectedCandidatePairId ?? '')
      const kindOf = (id = '') => stats.get(id)?.candidateType
      return {
        used: [kindOf(pair?.localCandidateId), kindOf(pair?.remoteCandidateId)],
        remote: [
          ...new Set(reports.filter(({ type }) => type === 'remote-candidate').map((report) => report.candidateType)),
        ],
      }
    })
  }
}

/** Checks that each page shows new video of each other participant, and no other tiles. */
export async function expectCall(...people: DemoPage[]): Promise<void> {
  for (const { page } of people) {
    await eventually(() => page.locator('.tile').count()).toBe(people.length)
  }
  const pairs = people.flatMap((one) => people.filter((other) => other !== one).map((other) => [one, other] as const))
  await Promise.all(
    pairs.map(async ([viewer, { name }]) => {
      const before = await viewer.incoming(name)
      await eventually(async () => (await viewer.incoming(name)).frames).toBeGreaterThan(before.frames + 5)
      const plays = ({ videoWidth, paused }: Video) => videoWidth > 0 && !paused
      expect(await viewer.tile(name).locator('video').evaluate(plays)).toBe(true)
    }),
  )
}

/** Red, green and blue in the middle of a participant's picture. */
export function colourOf(viewer: DemoPage, name: string): Promise<number[]> {
  return viewer
    .tile(name)
    .locator('video')
    .evaluate((video: Video) => {
      const { OffscreenCanvas } = globalThis as unknown as { OffscreenCanvas: typeof Canvas }
      const brush = new OffscreenCanvas(1, 1).getContext('2d')
      brush.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1)
      return [...brush.getImageData(0, 0, 1, 1).data.slice(0, 3)]
    })
}
