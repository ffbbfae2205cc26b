/** What the machine says of its network: a hint to try at once, and no reason not to try. Browsers tell, Node does not. */
export type Network = {
  /** Returns a function that takes the listener off. */
  onChange(listener: (online: boolean) => void): () => void
}

type BrowserLike = {
  addEventListener?: (type: string, listener: () => void) => void
  removeEventListener?: (type: string, listener: () => void) => void
}

/** The browser's events `online` and `offline`; elsewhere there are none. */
export const systemNetwork: Network = {
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
