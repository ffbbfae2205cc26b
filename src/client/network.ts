import { type Clock, systemClock } from './clock.ts'
import { watchSuspension } from './suspension.ts'

/** Reports of the machine about its network: a hint to try at once, and never a reason not to try. Node.js has no such reports. */
export type Network = {
  /** Returns a function that removes the listener. */
  onChange(listener: (online: boolean) => void): () => void
  /**
   * Calls back when the machine, the page or the process runs again after a suspension: its connections may have failed without an
   * event. Returns a function that removes the listener.
   */
  onWake?(listener: () => void): () => void
  /** Whether timers are late: browsers let those of a hidden page wait for up to a minute. */
  throttled?(): boolean
}

type Target = {
  addEventListener?: (type: string, listener: (event: { persisted?: boolean }) => void) => void
  removeEventListener?: (type: string, listener: (event: { persisted?: boolean }) => void) => void
}
type BrowserLike = Target & { document?: Target & { visibilityState?: string } }

/** Its timers do not keep a Node.js process running. */
const backgroundClock: Clock = {
  now: systemClock.now,
  after: (ms, call) => {
    const timer = setTimeout(call, ms) as { unref?: () => void }
    timer.unref?.()
    return () => clearTimeout(timer as never)
  },
}

const scope = () => globalThis as BrowserLike
const isHidden = () => scope().document?.visibilityState === 'hidden'

function listen(
  target: Target | undefined,
  type: string,
  listener: (event: { persisted?: boolean }) => void,
): () => void {
  target?.addEventListener?.(type, listener)
  return () => target?.removeEventListener?.(type, listener)
}

/** The browser's events. Without a browser it detects suspensions only. */
export const systemNetwork: Network = {
  onChange: (listener) => {
    const ends = [listen(scope(), 'online', () => listener(true)), listen(scope(), 'offline', () => listener(false))]
    return () => {
      for (const end of ends) end()
    }
  },
  onWake: (listener) => {
    const { document } = scope()
    const ends = [
      listen(document, 'visibilitychange', () => isHidden() || listener()),
      listen(document, 'resume', listener), // a page that was frozen; it may still be hidden
      listen(scope(), 'pageshow', ({ persisted }) => persisted && listener()), // from the back/forward cache
      watchSuspension(backgroundClock, Date.now, () => isHidden() || listener()),
    ]
    return () => {
      for (const end of ends) end()
    }
  },
  throttled: isHidden,
}
