import { forTab } from './storage.js'

const key = 'stay'

/** Where the person is while the page of this tab goes away: one that is loaded again goes on there. */
export function keepStay(stay) {
  forTab.set(key, JSON.stringify(stay))
}

/** What was kept, once, and not for somebody who comes to the page anew. */
export function takeStay() {
  const kept = forTab.get(key)
  forTab.remove(key)
  const [{ type } = {}] = performance.getEntriesByType('navigation')
  return kept && ['reload', 'back_forward'].includes(type) ? JSON.parse(kept) : undefined
}
