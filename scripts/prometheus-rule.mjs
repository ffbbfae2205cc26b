// Copies deploy/alerts.yml into the object that the Prometheus operator reads, because kustomize reads no file outside
// its own folder. Run it after changing an alert: node scripts/prometheus-rule.mjs. A test compares the two files.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const alerts = readFileSync(join(root, 'deploy/alerts.yml'), 'utf8')

const head = `# Made from deploy/alerts.yml by scripts/prometheus-rule.mjs. Change that one.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: signalbox
  labels:
    app.kubernetes.io/name: signalbox
    app.kubernetes.io/component: metrics
spec:
`

// indent the text instead of parsing it, to keep comments, quotes and line ends
writeFileSync(join(root, 'k8s/overlays/monitoring/prometheus-rule.yaml'), head + alerts.replace(/^(?=.)/gm, '  '))
