import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A server process under load. */
export type Server = {
  url: string
  /** CPU time used so far, seconds. */
  cpu: () => Promise<number>
  /** The text of /metrics; empty for a bare server. */
  metrics: () => Promise<string>
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  stop: (signal?: NodeJS.Signals) => Promise<void>
}

export type BenchRedis = {
  url: string
  /** Stops the process with its connections open, until `resume`. */
  pause: () => void
  resume: () => void
  stop: () => Promise<void>
}

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))
export const secret = 'bench-bench-bench-bench-bench-bench'

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

export async function startRedis(): Promise<BenchRedis> {
  const port = await freePort()
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of child.stdout) if (String(line).includes('Ready to accept')) break
  child.stdout.resume()
  return {
    url: `redis://127.0.0.1:${port}`,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    stop: () => endProcess(child),
  }
}

export async function startBareServer(redisUrl: string): Promise<Server> {
  const child = fork(file('./bare-server.ts'), { env: { ...process.env, REDIS_URL: redisUrl } })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    url: `http://127.0.0.1:${port}`,
    cpu: async () => {
      child.send('cpu')
      const [{ cpu }] = (await once(child, 'message')) as [{ cpu: number }]
      return cpu
    },
    metrics: async () => '',
    exited: exitOf(child),
    stop: () => endProcess(child),
  }
}

/** @param dist folder of the build; by default that of this project */
export async function startNode(
  redisUrl: string,
  options: { [name: string]: string } = {},
  dist = file('../dist'),
): Promise<Server> {
  const [port, opsPort] = [await freePort(), await freePort()]
  const env = {
    ...process.env,
    HOST: '127.0.0.1',
    PORT: String(port),
    OPS_PORT: String(opsPort),
    REDIS_URL: redisUrl,
    SIGNALBOX_SECRET: secret,
    LOG_LEVEL: 'warn',
    NODE_ENV: 'development',
    ...options,
  }
  const child = spawn(process.execPath, [join(resolve(dist), 'main.js')], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  for await (const line of child.stdout) if (String(line).includes('Signalbox is at')) break
  child.stdout.resume()
  const metrics = async () => (await fetch(`http://127.0.0.1:${opsPort}/metrics`)).text()
  return {
    url: `http://127.0.0.1:${port}`,
    cpu: async () => Number(/^process_cpu_seconds_total (\S+)/m.exec(await metrics())?.[1]),
    metrics,
    exited: exitOf(child),
    stop: (signal = 'SIGINT') => endProcess(child, signal),
  }
}

function exitOf(child: ChildProcess): Server['exited'] {
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })))
}

async function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill(signal)
  await once(child, 'exit')
}
