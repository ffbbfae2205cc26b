import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
  mkdirSync(folder, { recursive: true })
  const ports: number[] = []
  while (ports.length < count) {
    const port = range.first + Math.floor(Math.random() * (range.end - range.first))
    if (reserve(port) && (await isFree(port))) ports.push(port)
  }
  return ports
}

const fileOf = (port: number) => join(folder, `${port}`)

/** False if the port is reserved already, or was until now by a process that has ended: the next call may reserve it. */
function reserve(port: number): boolean {
  if (reserved.has(port)) return false
  const file = fileOf(port)
  try {
    writeFileSync(file, `${process.pid}`, { flag: 'wx' })
  } catch {
    if (isOwned(file)) return false
    rmSync(file, { force: true }) // not written at once: another process may have removed and written it meanwhile
    return false
  }
  reserved.add(port)
  return true
}

/** Whether the process that made the file is alive. A killed process leaves its files; an empty file will have its id soon. */
function isOwned(file: string): boolean {
  try {
    const pid = Number(readFileSync(file, 'utf8'))
    if (pid > 0) process.kill(pid, 0) // sends nothing: throws ESRCH if there is no such process
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
