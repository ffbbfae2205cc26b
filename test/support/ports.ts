import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Below the ports that a kernel gives to outgoing connections (Linux from 32768, macOS from 49152): a server that is ended and
 * started again never finds its port taken by an outgoing connection.
 */
const range = { first: 10_240, end: 32_768 }
/** A file for each reserved port, with the id of the process that reserved it. */
const folder = join(tmpdir(), 'signalbox-test-ports')
const reserved = new Set<number>()

process.on('exit', () => {
  for (const port of reserved) rmSync(fileOf(port), { force: true })
})

/**
 * Ports on which no process listens on 127.0.0.1. They are reserved until this process ends: `freePorts` gives them to no other
 * process, even while no server listens on them.
 */
export async function freePorts(count: number): Promise<number[]> {
  if (reserved.size === 0) {
    mkdirSync(folder, { recursive: true })
    removeOldFiles()
  }
  const ports: number[] = []
  while (ports.length < count) {
    const port = range.first + Math.floor(Math.random() * (range.end - range.first))
    if (reserve(port) && (await isFree(port))) ports.push(port)
  }
  return ports
}

const fileOf = (port: number) => join(folder, `${port}`)

/** False if the port is reserved already. */
function reserve(port: number): boolean {
  if (reserved.has(port)) return false
  try {
    writeFileSync(fileOf(port), `${process.pid}`, { flag: 'wx' })
  } catch {
    return false
  }
  reserved.add(port)
  return true
}

/** A killed process leaves its files. Those of the last day stay: no test runs for so long, and none is taken from its owner. */
function removeOldFiles(): void {
  for (const name of readdirSync(folder)) {
    const file = join(folder, name)
    const { mtimeMs = Date.now() } = statSync(file, { throwIfNoEntry: false }) ?? {}
    if (Date.now() - mtimeMs > 24 * 3600 * 1000) rmSync(file, { force: true })
  }
}

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
