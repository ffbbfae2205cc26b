import { alerts } from './monitoring.ts'
import type { Prometheus } from './prometheus.ts'

/**
 * Which alerts of deploy/alerts.yml had their condition met, in scrapes of the last seconds: how long it has to hold
 * before they fire is left out, and rates are taken over the same seconds.
 */
export async function conditionsMet(prometheus: Prometheus, names: string[], seconds: number): Promise<string[]> {
  const met = await Promise.all(
    names.map(async (name) => {
      const expr = alerts.find(({ alert }) => alert === name)?.expr
      if (!expr) throw new Error(`No alert ${name}`)
      const short = expr.replaceAll(/\[\d+m\]/g, `[${seconds}s]`)
      const samples = await prometheus.query(`count_over_time((${short})[${seconds}s:1s])`)
      return samples.length > 0 ? [name] : []
    }),
  )
  return met.flat()
}
