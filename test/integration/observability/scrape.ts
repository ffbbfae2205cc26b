import type { TestNode } from '../../support/node.ts'
import { until } from '../../support/until.ts'

type Labels = { [label: string]: string }
type Sample = { name: string; labels: Labels; value: number }

/** The samples of /metrics, as Prometheus reads them. */
export async function scrape({ opsUrl }: TestNode): Promise<Sample[]> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text()
  return text.split('\n').flatMap((line) => {
    const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
    return name === '' ? [] : [{ name, labels: labelsOf(labels), value: Number(value) }]
  })
}

/** The sum of a metric's samples with these labels; for a histogram, the number of observations. */
export async function measure(node: TestNode, name: string, labels: Labels = {}): Promise<number> {
  const samples = await scrape(node)
  const full = `signalbox_${name}`
  const wanted = samples.some((sample) => sample.name === `${full}_count`) ? `${full}_count` : full
  const has = (sample: Sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value)
  return samples.filter((sample) => sample.name === wanted && has(sample)).reduce((sum, { value }) => sum + value, 0)
}

/** Resolves when a metric has risen by `by` since before the cause. It waits, because a node may count after it sends the message. */
export async function expectRise(
  node: TestNode,
  [name, labels, by]: [name: string, labels: Labels, by?: number],
  cause: () => Promise<unknown>,
): Promise<void> {
  const before = await measure(node, name, labels)
  await cause()
  const risen = async () => {
    const rise = (await measure(node, name, labels)) - before
    return by === undefined ? rise > 0 : rise === by
  }
  await until(risen)
}

function labelsOf(text: string): Labels {
  return Object.fromEntries([...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value]))
}
