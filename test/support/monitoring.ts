import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { readDocument, root } from './markdown.ts'

export type Source = { type: string; uid: string }
export type Target = { refId: string; expr: string; legendFormat: string; datasource: Source }
export type Panel = {
  id: number
  type: string
  title: string
  description: string
  gridPos: { x: number; y: number; w: number; h: number }
  datasource: Source
  targets: Target[]
  fieldConfig: { defaults: { unit: string; thresholds: { steps: { color: string; value: number | null }[] } } }
  links: { title: string; url: string }[]
}
export type Variable = { name: string; type: string; query: string | { query: string }; allValue?: string }
export type Dashboard = {
  uid: string
  title: string
  tags: string[]
  schemaVersion: number
  templating: { list: Variable[] }
  annotations: { list: { expr: string }[] }
  links: { url: string }[]
  panels: Panel[]
}

/** The shipped dashboards by file name. */
export const dashboards = new Map(
  readdirSync(join(root, 'grafana/dashboards')).map((file) => [
    file.replace('.json', ''),
    JSON.parse(readDocument(`grafana/dashboards/${file}`)) as Dashboard,
  ]),
)

export type Query = { name: string; expr: string }

/** The queries of a dashboard, without those of its variables. */
export function queriesOf({ panels, annotations }: Dashboard): { panels: Query[]; annotations: Query[] } {
  return {
    panels: panels.flatMap(({ title, targets }) =>
      targets.map(({ refId, expr }) => ({ name: `${title} ${refId}`, expr })),
    ),
    annotations: annotations.list.map(({ expr }, index) => ({ name: `annotation ${index}`, expr })),
  }
}

/** The queries by which a dashboard's variables get their values, without Grafana's function around them. */
export function variablesOf({ templating }: Dashboard): Query[] {
  return templating.list.flatMap(({ name, query }) => {
    const expr = typeof query === 'object' ? /^label_values\((.+), \w+\)$/.exec(query.query)?.[1] : undefined
    return expr === undefined ? [] : [{ name, expr }]
  })
}

/** A query as Grafana sends it when all values of its variables are selected. */
export function filledIn(expr: string, interval: string): string {
  return expr.replaceAll('$__rate_interval', interval).replaceAll(/\$(?:namespace|job|node)\b/g, '.*')
}

export type Alert = {
  alert: string
  expr: string
  for: string
  labels: { severity: string }
  annotations: { summary: string; description: string; runbook_url: string }
}

export const alerts: Alert[] = (
  parse(readDocument('deploy/alerts.yml')) as { groups: { rules: Alert[] }[] }
).groups.flatMap(({ rules }) => rules)

/** Names of metrics in a query: names with a selector or a range, and names with the prefixes of a node's metrics. */
export function metricsIn(expr: string): string[] {
  const plain = expr.replaceAll(/"[^"]*"/g, '""')
  const names = [...plain.matchAll(/\b[a-zA-Z_]\w*(?=\s*[{[])|\b(?:signalbox|process|nodejs)_\w+/g)].map(
    ([name]) => name,
  )
  const ofPrometheus = ['up', 'ALERTS']
  return [...new Set(names)].filter((name) => !ofPrometheus.includes(name))
}
