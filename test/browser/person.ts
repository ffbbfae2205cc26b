import { expect } from 'vitest'
import type { Visitor } from '../support/browser.ts'

export type Received = { videos: number; frames: number; seconds: number; energy: number }

type Verbs = { person: { [verb: string]: (...args: unknown[]) => unknown } }

/** A person at a page whose script (test/browser/pages) does what it is told. */
export class PageUser {
  readonly visitor: Visitor
  /** The participant's, once in a room. */
  id = ''

  private constructor(visitor: Visitor) {
    this.visitor = visitor
  }

  static async at(visitor: Visitor, script: string): Promise<PageUser> {
    await visitor.page.addScriptTag({ type: 'module', url: `/${script}.js` })
    await visitor.page.waitForFunction(() => 'person' in globalThis)
    return new PageUser(visitor)
  }

  tell<T>(verb: string, ...args: unknown[]): Promise<T> {
    return this.visitor.page.evaluate(
      ([name, values]) => (globalThis as unknown as Verbs).person[name as string]?.(...(values as unknown[])) as T,
      [verb, args] as const,
    )
  }

  async enter(how: object): Promise<void> {
    this.id = await this.tell<string>('enter', how)
  }
}

/** Energy of a sound that nobody hears: what stands in for late packets is not all zeros. The made-up microphone's is 0.1. */
export const silenceEnergy = 1e-6

/** Polls until it is so; nothing tells of it. */
export const eventually = <T>(what: () => Promise<T>) => expect.poll(what, { timeout: 15_000, interval: 50 })

/** Each sees pictures of each other that were not there before. */
export async function expectVideo(...people: PageUser[]): Promise<void> {
  await Promise.all(
    people.flatMap((one) => people.filter((other) => other !== one).map((other) => plays(one, other.id))),
  )
}

async function plays(viewer: PageUser, id: string): Promise<void> {
  const frames = () =>
    viewer.tell<Received>('received', id).then(
      ({ frames }) => frames,
      () => 0,
    )
  const before = await frames()
  await eventually(frames).toBeGreaterThan(before + 5)
}
