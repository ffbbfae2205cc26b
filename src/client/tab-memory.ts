import type { Settings } from './settings.ts'

/** What a page needs to resume the session of the page before it in the same tab. */
export type SavedSession = { ticket: string; seq: number; rid: number }

type Page = {
  sessionStorage?: { getItem(key: string): string | null; setItem(key: string, value: string): void }
  addEventListener?: (type: string, listener: (event: { persisted?: boolean }) => void) => void
  removeEventListener?: (type: string, listener: (event: { persisted?: boolean }) => void) => void
}

const page = () => globalThis as Page

/**
 * Keeps sessions in the sessionStorage of a tab from the end of one page to the start of the next, and at no other time: a tab that
 * the user duplicates, or that the page opens, gets a copy of the storage, and would take the session from a page that still uses it.
 * If the storage is missing or throws, this keeps nothing.
 */
export class TabMemory {
  readonly #key: string

  /** @param key the same for two pages if the second may resume the session of the first */
  constructor(key: string) {
    this.#key = `signalbox ${key}`
  }

  /** Takes the session that was stored first: a page may have had several in one room. */
  take(): SavedSession | undefined {
    const [first, ...others] = this.#read()
    if (first) this.#write(others)
    return first
  }

  add(saved: SavedSession): void {
    this.#write([...this.#read(), saved])
  }

  /** Stores a session whenever the page ends. @param session called then, for what to store @returns a function that stops this */
  follow(session: () => SavedSession | undefined): () => void {
    let kept: string | undefined
    const hide = () => {
      const saved = session()
      kept = saved?.ticket
      if (saved) this.add(saved)
    }
    // a page from the back/forward cache still has its session, so the next page must not resume it
    const show = ({ persisted }: { persisted?: boolean }) => {
      if (persisted && kept !== undefined) this.#write(this.#read().filter(({ ticket }) => ticket !== kept))
    }
    page().addEventListener?.('pagehide', hide)
    page().addEventListener?.('pageshow', show)
    return () => {
      page().removeEventListener?.('pagehide', hide)
      page().removeEventListener?.('pageshow', show)
    }
  }

  #read(): SavedSession[] {
    try {
      const list: unknown = JSON.parse(page().sessionStorage?.getItem(this.#key) ?? '[]')
      return Array.isArray(list) ? list.filter(isSaved) : []
    } catch {
      return []
    }
  }

  #write(list: SavedSession[]): void {
    try {
      page().sessionStorage?.setItem(this.#key, JSON.stringify(list))
    } catch {
      // the next page begins a new session
    }
  }
}

function isSaved(value: unknown): value is SavedSession {
  const { ticket, seq, rid } = (typeof value === 'object' && value !== null ? value : {}) as Partial<SavedSession>
  return typeof ticket === 'string' && Number.isSafeInteger(seq) && Number.isSafeInteger(rid)
}

/** The memory for a room or channel. Undefined unless the option `resume` is `tab` and the dialect has rooms to return to. */
export function tabMemoryOf(settings: Settings, namespace: string, room: string | undefined): TabMemory | undefined {
  const { resume, urls, path = '' } = settings
  if (resume !== 'tab' || room === undefined) return undefined
  return new TabMemory(JSON.stringify([urls, path, namespace, room]))
}
