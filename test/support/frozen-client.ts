import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** Joins a channel of /exchanger and prints the status. */
const script = `
import { io } from 'socket.io-client'
const [url, channelName] = process.argv.slice(1)
const socket = io(url + '/exchanger', { transports: ['websocket'], reconnection: false })
socket.emit('joinStream', { channelName }, (status) => console.log(status))
`

/** Starts a client in its own process, and pauses the process after it has joined a channel. It stays connected and reads nothing. */
export async function freezeClient(url: string, channel: string): Promise<void> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, url, channel], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  const [status] = await once(child.stdout, 'data')
  if (!String(status).startsWith('ok')) throw new Error(`The client did not join: ${status}`)
  child.kill('SIGSTOP')
}
