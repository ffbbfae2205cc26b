import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { readDocument, root } from './markdown.ts'
import { freePorts } from './ports.ts'
import { statusOf } from './process.ts'
import { until } from './until.ts'

export type Sample = { labels: { [name: string]: string }; value: number }
export type RuleState = { name: string; health: string; state: string; lastError?: string }

export type Prometheus = {
  /** Evaluates an expression now. @throws Error with the message of Prometheus if the expression is invalid */
  query(expr: string): Promise<Sample[]>
  rules(): Promise<RuleState[]>
  stop(): Promise<void>
}

/** Starts Prometheus with the configuration and the alerts of deploy/, except its targets and its intervals of 1 s. */
export async function startPrometheus(targets: string[]): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-prometheus-'))
  const config = parse(readDocument('deploy/prometheus.yml'))
  config.global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }
  config.scrape_configs[0].static_configs[0].targets = targets
  await writeFile(join(folder, 'prometheus.yml'), stringify(config))
  await copyFile(join(root, 'deploy/alerts.yml'), join(folder, 'alerts.yml'))
  const [port = 0] = await freePorts(1)
  const url = `http://127.0.0.1:${port}`
  const files = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`]
  const child = spawn('prometheus', [...files, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const ended = new Promise<never>((_, reject) => {
    child.once('error', () =>
      reject(new Error('The tests need Prometheus. Install it: sudo apt-get install prometheus')),
    )
    child.once('exit', () => reject(new Error('Prometheus ended')))
  })
  ended.catch(() => {})
  await Promise.race([ended, until(async () => (await statusOf(`${url}/-/ready`)) === 200)])
  return {
    query: async (query) => {
      const data = (await ask(`${url}/api/v1/query?${new URLSearchParams({ query })}`)) as { result: Vector }
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
    },
    rules: async () => {
      const data = (await ask(`${url}/api/v1/rules`)) as { groups: { rules: RuleState[] }[] }
      return data.groups.flatMap(({ rules }) => rules)
    },
    stop: async () => {
      process.off('exit', kill)
      if (child.exitCode === null && child.signalCode === null) {
        const exit = once(child, 'exit')
        kill()
        await exit
      }
      await rm(folder, { recursive: true, force: true })
    },
  }
}

type Vector = { metric: { [name: string]: string }; value: [number, string] }[]

async function ask(url: string): Promise<unknown> {
  const answer = (await (await fetch(url)).json()) as { status: string; data: unknown; error?: string }
  if (answer.status !== 'success') throw new Error(`${url}: ${answer.error}`)
  return answer.data
}
