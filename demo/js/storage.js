/** What this browser remembers for the page. Where it may keep nothing, as with cookies blocked, every access throws. */
class Memory {
  #name

  /** @param name `localStorage` or `sessionStorage` */
  constructor(name) {
    this.#name = name
  }

  /** Null when there is nothing, or nothing may be kept. */
  get(key) {
    try {
      return globalThis[this.#name].getItem(key)
    } catch {
      return null
    }
  }

  set(key, value) {
    try {
      globalThis[this.#name].setItem(key, value)
    } catch {
      // the page works on, and has forgotten it the next time
    }
  }

  remove(key) {
    try {
      globalThis[this.#name].removeItem(key)
    } catch {
      // there is nothing
    }
  }
}

/** For all pages of this browser, and of this tab. */
export const forBrowser = new Memory('localStorage')
export const forTab = new Memory('sessionStorage')
