import { expect, test } from 'vitest'
import { documents, readDocument } from '../support/markdown.ts'
import { alerts, dashboards, metricsIn, queriesOf, variablesOf } from '../support/monitoring.ts'
import { startNode } from '../support/node.ts'

const node = await startNode()
const told = await (await fetch(`${node.opsUrl}/metrics`)).text()
const known = new Set(
  [...told.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name = '', type]) =>
    type === 'histogram' || type === 'summary' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
  ),
)
const unknown = (exprs: string[]) => exprs.flatMap(metricsIn).filter((name) => !known.has(name))

test.each([...dashboards])('a running node exports every metric of the dashboard %s', (_name, dashboard) => {
  const { panels, annotations } = queriesOf(dashboard)
  const exprs = [...panels, ...annotations, ...variablesOf(dashboard)].map(({ expr }) => expr)
  expect(exprs.flatMap(metricsIn).length).toBeGreaterThan(10)
  expect(unknown(exprs)).toEqual([])
})

test('a running node exports every metric of the alerts and of their tests', () => {
  expect(alerts.flatMap(({ expr }) => metricsIn(expr)).length).toBeGreaterThan(20)
  expect(unknown(alerts.map(({ expr }) => expr))).toEqual([])
  const series = [...readDocument('deploy/alerts.test.yml').matchAll(/series: '(.+)'$/gm)].map(([, text = '']) => text)
  expect(series.length).toBeGreaterThan(50)
  expect(unknown(series)).toEqual([])
})

test('a running node exports every metric that the documents name', () => {
  const current = documents.filter((path) => path !== 'CHANGELOG.md')
  const quoted = current.flatMap((path) => readDocument(path).match(/\b(?:signalbox|nodejs|process)_\w+[a-z]\b/g) ?? [])
  const families = new Set([...known].map((name) => name.replace(/_(bucket|sum|count)$/, '')))
  expect(quoted.length).toBeGreaterThan(20)
  expect(quoted.filter((name) => !known.has(name) && !families.has(name))).toEqual([])
})

test('each metric with a prefix of Signalbox is on a dashboard', () => {
  const shown = [...dashboards.values()].flatMap((dashboard) =>
    queriesOf(dashboard).panels.flatMap(({ expr }) => metricsIn(expr)),
  )
  const family = (name: string) => name.replace(/_(bucket|sum|count)$/, '')
  const ours = [...known].map(family).filter((name) => name.startsWith('signalbox_'))
  expect(ours.filter((name) => !shown.map(family).includes(name))).toEqual([])
})
