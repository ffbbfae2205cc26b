import { expect } from 'vitest'
import type { Visitor } from '../support/browser.ts'

export type Received = { videos: number; frames: number; seconds: number; energy: number }

type PageScript = { user: { [name: string]: (...args: unknown[]) => unknown } }

/** A user of a page whose script (test/browser/pages) offers functions that a test calls. */
export class PageUser {
  readonly visitor: Visitor
  /** The participant's id, after `enter`. */
  id = ''

  private constructor(visitor: Visitor) {
    this.visitor = visitor
  }

  /** Loads a script of test/browser/pages into the page of a visitor. */
  static async at(visitor: Visitor, script: string): Promise<PageUser> {
    await visitor.page.addScriptTag({ type: 'module', url: `/${script}.js` })
    await visitor.page.waitForFunction(() => 'user' in globalThis)
    return new PageUser(visitor)
  }

  /** Calls a function of the page's script. */
  run<T>(name: string, ...args: unknown[]): Promise<T> {
    return this.visitor.page.evaluate(
      ([name, values]) => (globalThis as unknown as PageScript).user[name as string]?.(...(values as unknown[])) as T,
      [name, args] as const,
    )
  }

  async enter(options: object): Promise<void> {
    this.id = await this.run<string>('enter', options)
  }
}

/** The energy of silence: audio that replaces late packets is not all zeros. That of the fake microphone is 0.1. */
export const silenceEnergy = 1e-6

/** Polls a value of a page until it is as expected. */
export const eventually = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 15_000, interval: 50 })

/** Checks that each user receives new video frames of each other user. */
export async function expectVideo(...people: PageUser[]): Promise<void> {
  await Promise.all(
    people.flatMap((one) => people.filter((other) => other !== one).map((other) => plays(one, other.id))),
  )
}

async function plays(viewer: PageUser, id: string): Promise<void> {
  const frames = () =>
    viewer.run<Received>('received', id).then(
      ({ frames }) => frames,
      () => 0,
    )
  const before = await frames()
  await eventually(frames).toBeGreaterThan(before + 5)
}
