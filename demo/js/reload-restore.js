import { forTab } from './storage.js'

const storageKey = 'room-state'

/** Saves the room of this tab, so that a reload enters it again. */
export function saveRoomState(roomState) {
  forTab.set(storageKey, JSON.stringify(roomState))
}

/** Returns and removes the saved room. Undefined unless this page was reloaded or reached through the history. */
export function takeRoomState() {
  const saved = forTab.get(storageKey)
  forTab.remove(storageKey)
  const [{ type } = {}] = performance.getEntriesByType('navigation')
  return saved && ['reload', 'back_forward'].includes(type) ? JSON.parse(saved) : undefined
}
