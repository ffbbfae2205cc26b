import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { anchors, readDocument } from '../support/markdown.ts'
import { type Dashboard, dashboards, type Panel, queriesOf } from '../support/monitoring.ts'

const units = ['short', 'suffix:/s', 's', 'bytes', 'percentunit']
const sections = anchors(readDocument('docs/operations.md'))
const twice = (list: unknown[]) => list.filter((item, index) => list.indexOf(item) !== index)

/** All values of fields with this name, at any depth. */
function found(value: unknown, name: string): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [...(key === name ? [inner] : []), ...found(inner, name)])
}

test('there are three dashboards with different titles and uids', () => {
  const all = [...dashboards.values()]
  expect([...dashboards.keys()].sort()).toEqual(['node', 'overview', 'redis'])
  expect([...dashboards].map(([name, { uid }]) => [name, uid])).toEqual(
    [...dashboards.keys()].map((name) => [name, `signalbox-${name}`]),
  )
  expect(twice(all.map(({ title }) => title))).toEqual([])
})

describe.each([...dashboards])('%s', (name, dashboard: Dashboard) => {
  const { panels } = dashboard
  const { panels: queries, annotations } = queriesOf(dashboard)

  test('has the schema of Grafana 10 and newer, and is linked from the others', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39)
    expect(dashboard.tags).toEqual(['signalbox'])
    expect(new Set(panels.map(({ type }) => type))).toEqual(
      new Set(name === 'overview' ? ['stat', 'timeseries', 'table'] : ['stat', 'timeseries']),
    )
  })

  test('has panels with different ids that do not overlap, within 24 columns', () => {
    expect(twice(panels.map(({ id }) => id))).toEqual([])
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24)
    const pairs = panels.flatMap((one, index) => panels.slice(index + 1).map((other) => [one, other] as const))
    expect(pairs.filter(([one, other]) => overlap(one, other)).map(([one, other]) => [one.id, other.id])).toEqual([])
  })

  test('has panels whose title is a question, with instructions and a link to the runbook', () => {
    expect(twice(panels.map(({ title }) => title))).toEqual([])
    for (const { title, description, links, fieldConfig, targets } of panels) {
      expect(title).toMatch(/^[A-Z].+\?$/)
      expect(description.length, title).toBeGreaterThan(40)
      expect(units, title).toContain(fieldConfig.defaults.unit)
      expect(fieldConfig.defaults.thresholds.steps[0]?.value, title).toBeNull()
      expect(twice(targets.map(({ refId }) => refId)), title).toEqual([])
      for (const link of links) expect(link.url, title).toBe(`\${runbook}#${link.title.split(': ')[1]?.toLowerCase()}`)
    }
    expect(panels.filter(({ links }) => links.length === 0).map(({ title }) => title)).toEqual(
      name === 'overview' ? ['How many alerts are firing?'] : [],
    )
  })

  test('has only links to existing sections of the runbook', () => {
    const urls = found(dashboard, 'url').filter((url) => url !== '')
    expect(urls.filter((url) => !sections.includes(String(url).replace(`\${runbook}#`, '')))).toEqual([])
  })

  test('queries only the selected data source', () => {
    expect(found(dashboard, 'datasource')).toEqual(
      found(dashboard, 'datasource').map(() => ({ type: 'prometheus', uid: '$datasource' })),
    )
    const queried = [...panels, ...panels.flatMap(({ targets }) => targets)]
    expect(queried.filter(({ datasource }) => datasource === undefined)).toEqual([])
    expect(dashboard.templating.list[0]).toMatchObject({ name: 'datasource', type: 'datasource', query: 'prometheus' })
  })

  test('has queries that filter by the selected variables, and by no others', () => {
    const chosen = name === 'node' ? ['namespace', 'job', 'node'] : ['namespace', 'job']
    const declared = dashboard.templating.list.map((variable) => variable.name)
    expect(declared).toEqual(['datasource', ...chosen, 'runbook'])
    const label = (variable: string) => (variable === 'node' ? 'instance' : variable)
    const wanted = chosen.map((variable) => `${label(variable)}=~"$${variable}"`).join(', ')
    for (const { name, expr } of [...queries, ...annotations]) {
      const selectors = expr.match(/\{[^}]*\}/g) ?? []
      expect(selectors.length, name).toBeGreaterThan(0)
      for (const selector of selectors) expect(selector, name).toContain(wanted)
      expect(expr.match(/\b(?:signalbox|nodejs|process)_\w+(?!\w*\{)\b/g) ?? [], name).toEqual([])
    }
  })
})

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h
}

describe('provisioning', () => {
  const read = (path: string) => parse(readDocument(`grafana/provisioning/${path}`))

  test('has one Prometheus, with the scrape interval of its configuration', () => {
    const { datasources } = read('datasources/prometheus.yaml')
    const { global } = parse(readDocument('deploy/prometheus.yml'))
    expect(datasources).toHaveLength(1)
    expect(datasources[0]).toMatchObject({ type: 'prometheus', isDefault: true, url: 'http://prometheus:9090' })
    expect(datasources[0].jsonData.timeInterval).toBe(global.scrape_interval)
  })

  test('loads all dashboards of a folder', () => {
    const { apiVersion, providers } = read('dashboards/signalbox.yaml')
    expect(apiVersion).toBe(1)
    expect(providers).toMatchObject([{ type: 'file', options: { path: '/var/lib/grafana/dashboards' } }])
  })
})
