import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { IServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/ServiceMonitor'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler'
import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap'
import type { IService } from 'kubernetes-models/v1/Service'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { createMetrics } from '../../src/observability/metrics.ts'
import { readDocument, root } from '../support/markdown.ts'
import { build, one } from './manifests.ts'

const base = build('k8s')
const monitoring = build('k8s/overlays/monitoring')

type AdapterRule = { seriesQuery: string; name: { as: string }; metricsQuery: string }
const adapter = parse(readDocument('k8s/prometheus-adapter.yaml')) as { rules: { custom: AdapterRule[] } }
const [rule = { seriesQuery: '', name: { as: '' }, metricsQuery: '' }] = adapter.rules.custom

test('the ServiceMonitor selects the Service for metrics', () => {
  const { selector, endpoints, jobLabel } = one<IServiceMonitor>(monitoring, 'ServiceMonitor').spec ?? {}
  const service = one<IService>(base, 'Service', 'signalbox-metrics')
  const labels = (service.metadata as { labels?: { [name: string]: string } }).labels ?? {}
  expect(labels).toMatchObject(selector?.matchLabels ?? { none: true })
  // if it selected the other Service too, Prometheus would scrape every node twice
  expect((one<IService>(base, 'Service').metadata as { labels?: object }).labels).not.toMatchObject(
    selector?.matchLabels ?? {},
  )
  expect(endpoints).toEqual([expect.objectContaining({ port: service.spec?.ports?.[0]?.name, path: '/metrics' })])
  expect(labels[jobLabel ?? '']).toBe('signalbox')
})

test('the PrometheusRule has the alerts of deploy/alerts.yml', () => {
  // if this fails, run node scripts/prometheus-rule.mjs
  const { spec } = one<{ spec: unknown }>(monitoring, 'PrometheusRule')
  expect(spec).toEqual(parse(readDocument('deploy/alerts.yml')))
})

test('all dashboards are in ConfigMaps for the sidecar of Grafana', () => {
  const { metadata, data = {} } = one<IConfigMap>(monitoring, 'ConfigMap', 'signalbox-dashboards')
  expect(metadata?.labels).toMatchObject({ grafana_dashboard: '1' })
  expect(Object.keys(data).sort()).toEqual(readdirSync(join(root, 'grafana/dashboards')).sort())
})

test('the autoscaler uses the metric of the rule of prometheus-adapter, which reads existing metrics', () => {
  const { metrics = [] } = one<IHorizontalPodAutoscaler>(base, 'HorizontalPodAutoscaler').spec ?? {}
  expect(metrics.flatMap(({ pods }) => pods?.metric.name ?? [])).toEqual([rule.name.as])
  const told = createMetrics('a', '1')
    .registry.getMetricsAsArray()
    .map(({ name }) => name)
  const used = `${rule.seriesQuery} ${rule.metricsQuery}`.match(/\bsignalbox_\w+/g) ?? []
  expect(used.length).toBeGreaterThan(2)
  expect(used.filter((name) => !told.includes(name))).toEqual([])
})

test('the rule counts all connections of a node, and is 0 for a node without connections', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signalbox-adapter-'))
  // the values that prometheus-adapter inserts for the pods of a Deployment
  const query = rule.metricsQuery
    .replaceAll('<<.LabelMatchers>>', 'namespace="signalbox",pod=~"a|b"')
    .replaceAll('<<.GroupBy>>', 'pod')
  const series = (text: string, value: number) => ({ series: text, values: `${value}` })
  const at = (pod: string, labels: string) => `signalbox_connections{namespace="signalbox",pod="${pod}",${labels}}`
  const node = (pod: string, namespace = 'signalbox') =>
    `signalbox_node{namespace="${namespace}",pod="${pod}",id="${pod}"}`
  const tests = {
    rule_files: [],
    tests: [
      {
        input_series: [
          series(at('a', 'dialect="portal",transport="websocket"'), 7),
          series(at('a', 'dialect="portal",transport="polling"'), 2),
          series(at('a', 'dialect="rooms",transport="websocket"'), 1),
          ...['a', 'b'].map((pod) => series(node(pod), 1)),
          series(node('a', 'elsewhere'), 1),
        ],
        promql_expr_test: [
          {
            expr: query,
            eval_time: '0m',
            exp_samples: [
              { labels: '{pod="a"}', value: 10 },
              { labels: '{pod="b"}', value: 0 },
            ],
          },
        ],
      },
    ],
  }
  const file = join(folder, 'test.yml')
  try {
    writeFileSync(file, stringify(tests))
    expect(execFileSync('promtool', ['test', 'rules', file], { encoding: 'utf8' })).toContain('SUCCESS')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
