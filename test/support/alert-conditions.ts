import { alerts } from './monitoring.ts'
import type { Prometheus } from './prometheus.ts'

/**
 * The alerts of deploy/alerts.yml whose condition was met in a scrape of the last seconds. It ignores how long a condition has
 * to hold before the alert fires, and takes rates over the same seconds.
 */
export async function conditionsMet(prometheus: Prometheus, names: string[], seconds: number): Promise<string[]> {
  const met = await Promise.all(
    names.map(async (name) => {
      const expr = alerts.find(({ alert }) => alert === name)?.expr
      if (!expr) throw new Error(`deploy/alerts.yml has no alert ${name}`)
      const short = expr.replaceAll(/\[\d+m\]/g, `[${seconds}s]`)
      const samples = await prometheus.query(`count_over_time((${short})[${seconds}s:1s])`)
      return samples.length > 0 ? [name] : []
    }),
  )
  return met.flat()
}
