import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { anchors, quoted, readDocument, root, section } from '../support/markdown.ts'
import { alerts, dashboards, metricsIn } from '../support/monitoring.ts'

type Expectation = { alertname: string; exp_alerts: object[] }
type RuleTest = {
  name: string
  input_series: { series: string }[]
  alert_rule_test?: Expectation[]
  promql_expr_test?: { expr: string; exp_samples: object[] }[]
}

const names = alerts.map(({ alert }) => alert)
const operations = readDocument('docs/operations.md')
const monitoring = readDocument('docs/monitoring.md')
const runbook = section(operations, 'Runbook')
const { tests } = parse(readDocument('deploy/alerts.test.yml')) as { tests: RuleTest[] }

function promtool(args: string[], cwd = join(root, 'deploy')): { status: number | null; output: string } {
  const { status, stdout, stderr, error } = spawnSync('promtool', args, { cwd, encoding: 'utf8' })
  if (error) throw new Error('The tests need promtool. Install it: sudo apt-get install prometheus')
  return { status, output: `${stdout}${stderr}` }
}

test.each([
  ['check', 'config', 'prometheus.yml'],
  ['check', 'rules', 'alerts.yml'],
  ['test', 'rules', 'alerts.test.yml'],
])('promtool %s %s %s', (...args) => {
  expect(promtool(args)).toEqual({ status: 0, output: expect.stringContaining('SUCCESS') })
})

test('the alert tests have a fault in which each alert fires, and healthy metrics in which it does not', () => {
  const firing = tests.flatMap(({ alert_rule_test = [] }) =>
    alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
  )
  expect(firing.toSorted()).toEqual(names.toSorted())
  const quiet = tests.flatMap(({ promql_expr_test = [] }) => promql_expr_test)
  expect(quiet.length).toBeGreaterThan(5)
  for (const { expr, exp_samples } of quiet) {
    expect(expr).toBe('ALERTS{alertstate="firing"}')
    expect(exp_samples).toEqual([])
  }
  // an alert that does not fire proves nothing unless its metrics exist
  const healthy = tests.filter(({ promql_expr_test }) => promql_expr_test).flatMap(({ input_series }) => input_series)
  const existing = healthy.flatMap(({ series }) => metricsIn(series))
  expect(alerts.flatMap(({ expr }) => metricsIn(expr)).filter((name) => !existing.includes(name))).toEqual([])
})

test('each alert has a severity, a summary, a description and a link to the runbook', () => {
  const base = dashboards.get('overview')?.templating.list.find(({ name }) => name === 'runbook')?.query
  for (const { alert, labels, annotations, for: wait } of alerts) {
    expect(alert).toMatch(/^Signalbox[A-Z]/)
    expect(labels).toEqual({ severity: expect.stringMatching(/^(critical|warning)$/) })
    expect(wait).toMatch(/^\d+[smh]$/)
    expect(annotations).toEqual({
      summary: expect.stringMatching(/^[A-Z].{10,}[^.]$/),
      description: expect.stringMatching(/.{20,}\.$/),
      runbook_url: `${base}#${alert.toLowerCase()}`,
    })
  }
  expect(new Set(names).size).toBe(names.length)
})

test('the dashboards link to the same runbook', () => {
  const bases = [...dashboards.values()].map(
    ({ templating }) => templating.list.find(({ name }) => name === 'runbook')?.query,
  )
  expect(new Set(bases).size).toBe(1)
})

test('the runbook has a section for each alert, in the same order, and no others', () => {
  const headings = [...runbook.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading)
  expect(headings).toEqual(names)
  for (const name of names) {
    expect(anchors(operations)).toContain(name.toLowerCase())
    const text = runbook.split(`### ${name}\n`)[1]?.split('\n### ')[0]
    expect(text, name).toMatch(/\n- \*\*Look\*\*.*\n- \*\*Do\*\*|\n- \*\*Look\*\* and \*\*do\*\*/)
  }
})

test('the panels and dashboards that the runbook names exist', () => {
  const titles = [...dashboards.values()].flatMap(({ panels }) => panels.map(({ title }) => title))
  const named = [...runbook.matchAll(/"([A-Z][^"]+)"/g)].map(([, title]) => title)
  expect(named.length).toBeGreaterThan(4)
  expect(named.filter((title) => !titles.includes(title ?? ''))).toEqual([])
  const files = [...runbook.matchAll(/dashboard `(\w+)`/g)].map(([, file = '']) => file)
  expect(files.filter((file) => !dashboards.has(file))).toEqual([])
  const listed = quoted(section(monitoring, 'Dashboards')).filter((text) => dashboards.has(text))
  expect(new Set(listed)).toEqual(new Set(dashboards.keys()))
})

test('the documented command changes the address of all links, and nothing else', () => {
  const [, line = ''] = /^(grep -rl https:.*)$/m.exec(monitoring) ?? []
  const cwd = mkdtempSync(join(tmpdir(), 'signalbox-links-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  for (const folder of ['deploy', 'grafana', 'k8s']) cpSync(join(root, folder), join(cwd, folder), { recursive: true })
  const count = (text: string) => {
    const { stdout } = spawnSync('grep', ['-rohF', text, 'deploy', 'grafana', 'k8s'], { cwd, encoding: 'utf8' })
    return stdout.split('\n').length - 1
  }
  const links = count('https://signalbox.example/')
  expect(links).toBeGreaterThan(2 * names.length)
  expect(spawnSync('sh', ['-c', line], { cwd }).status).toBe(0)
  expect([count('https://signalbox.example/'), count('https://git.example.org/signalbox/blob/main/')]).toEqual([
    0,
    links,
  ])
  expect(promtool(['check', 'rules', 'alerts.yml'], join(cwd, 'deploy')).status).toBe(0)
})
