import { vi } from 'vitest'

/** Polls a condition of which no event notifies. @throws Error after 20 s */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  await vi.waitUntil(condition, { timeout: 20_000, interval: 25 })
}
