import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Below the ports that a kernel gives to outgoing connections: Linux begins at 32768, macOS at 49152. A server that is
 * ended and started again finds its port free, whatever connected to something meanwhile.
 */
const range = { first: 10_240, end: 32_768 }
/** A file for each reserved port, with the id of the process that reserved it. */
const folder = join(tmpdir(), 'signalbox-test-ports')
const reserved = new Set<number>()

process.on('exit', () => {
  for (const port of reserved) rmSync(fileOf(port), { force: true })
})

/**
 * Ports on which nothing listens on the loopback interface. They are reserved until this process ends: no other process
 * of a test gets them, even while nothing listens on them.
 */
export async function freePorts(count: number): Promise<number[]> {
  mkdirSync(folder, { recursive: true })
  const ports: number[] = []
  while (ports.length < count) {
    const port = range.first + Math.floor(Math.random() * (range.end - range.first))
    if (reserve(port) && (await isFree(port))) ports.push(port)
  }
  return ports
}

const fileOf = (port: number) => join(folder, `${port}`)

/** False if a process that is alive has it. */
function reserve(port: number): boolean {
  if (reserved.has(port)) return false
  const file = fileOf(port)
  try {
    writeFileSync(file, `${process.pid}`, { flag: 'wx' })
  } catch {
    if (isOwned(file)) return false
    rmSync(file, { force: true }) // taken by the next call, or by whoever is quicker
    return false
  }
  reserved.add(port)
  return true
}

/** A process that was killed leaves its files. One that has only just made its file has not written its id yet. */
function isOwned(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid > 0) process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
