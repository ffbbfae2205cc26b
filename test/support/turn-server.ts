import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from './ports.ts'
import { until } from './until.ts'

export type TurnServer = { url: string; port: number; stop(): Promise<void> }

/** Starts a coturn on the loopback interface that accepts time-limited credentials. @throws Error if coturn is not installed */
export async function startTurn(secret: string): Promise<TurnServer> {
  const folder = await mkdtemp(join(tmpdir(), 'signalbox-turn-'))
  const [port = 0] = await freePorts(1)
  const local = ['listening-ip', 'relay-ip', 'allowed-peer-ip'].map((name) => `--${name}=127.0.0.1`)
  const off = ['no-tls', 'no-dtls', 'no-cli', 'allow-loopback-peers', 'simple-log'].map((name) => `--${name}`)
  const files = [`--pidfile=${join(folder, 'pid')}`, `--userdb=${join(folder, 'db')}`, '--log-file=stdout']
  const auth = ['--use-auth-secret', `--static-auth-secret=${secret}`, '--realm=signalbox']
  const child = spawn('turnserver', ['-n', `--listening-port=${port}`, ...local, ...off, ...files, ...auth], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<never>((_, reject) => {
    child.once('error', () => reject(new Error('The tests need coturn. Install it: sudo apt-get install coturn')))
    child.once('exit', () => reject(new Error('coturn ended')))
  })
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    }
    await rm(folder, { recursive: true, force: true })
  }
  ended.catch(() => {})
  await Promise.race([ended, listening(port)])
  return { url: `turn:127.0.0.1:${port}`, port, stop }
}

/** Whether coturn allocates a relay for these credentials, tested with its own client. */
export function allocates(port: number, username: string, credential: string): boolean {
  const args = ['-y', '-c', '-n', '1', '-m', '1', '-u', username, '-w', credential, '-p', `${port}`, '127.0.0.1']
  const { status, stdout, stderr } = spawnSync('turnutils_uclient', args, { encoding: 'utf8', timeout: 20_000 })
  if (status === 0) return true
  if (`${stdout}${stderr}`.includes('Cannot complete Allocation')) return false
  throw new Error(`turnutils_uclient: ${status} ${stdout} ${stderr}`)
}

/** Resolves when coturn accepts TCP connections. It listens on TCP as well as on UDP. */
function listening(port: number): Promise<void> {
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('close', () => socket.destroy())
      socket.once('connect', () => socket.destroy())
    })
  return until(answers)
}
