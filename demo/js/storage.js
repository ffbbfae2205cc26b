/** Storage of the browser that never throws. With cookies blocked, every access of the browser's own storage throws. */
class SafeStorage {
  #name

  /** @param name `localStorage` or `sessionStorage` */
  constructor(name) {
    this.#name = name
  }

  /** Null when the key is missing or the storage is blocked. */
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
      // the page works without it
    }
  }

  remove(key) {
    try {
      globalThis[this.#name].removeItem(key)
    } catch {
      // the storage is blocked, so it is empty
    }
  }
}

/** Shared by all pages of this browser, and kept per tab. */
export const forBrowser = new SafeStorage('localStorage')
export const forTab = new SafeStorage('sessionStorage')
