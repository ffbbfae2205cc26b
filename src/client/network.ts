/** What the machine knows about its network; browsers tell, Node does not. */
export type Network = {
  online(): boolean
  /** Returns a function that takes the listener off. */
  onChange(listener: (online: boolean) => void): () => void
}

type BrowserLike = {
  navigator?: { onLine?: boolean }
  addEventListener?: (type: string, listener: () => void) => void
  removeEventListener?: (type: string, listener: () => void) => void
}

/** The browser's `online` and `offline`; elsewhere always online. */
export const systemNetwork: Network = {
  online: () => (globalThis as BrowserLike).navigator?.onLine !== false,
  onChange: (listener) => {
    const scope = globalThis as BrowserLike
    const [online, offline] = [() => listener(true), () => listener(false)]
    scope.addEventListener?.('online', online)
    scope.addEventListener?.('offline', offline)
    return () => {
      scope.removeEventListener?.('online', online)
      scope.removeEventListener?.('offline', offline)
    }
  },
}
