import { createServer } from 'node:net'
import { ConfigError } from '../config/index.ts'

type ListenTarget = { option: 'PORT' | 'OPS_PORT'; port: number }

/** Checks that a node can listen on all its ports before it starts anything else. @throws ConfigError with all mistakes */
export async function checkPorts(host: string, listeners: ListenTarget[]): Promise<void> {
  const faults = await Promise.all(
    listeners.map(async ({ option, port }) => {
      const error = await listenOnce(host, port)
      return error ? [messageOf(error, option, host, port)] : []
    }),
  )
  const mistakes = [...new Set(faults.flat())]
  if (mistakes.length > 0) throw new ConfigError(mistakes)
}

/** Waits until a server listens. @throws ConfigError when another program has taken the port since `checkPorts` */
export async function listening<T>(listen: Promise<T>, host: string, { option, port }: ListenTarget): Promise<T> {
  return listen.catch((error: Error) => {
    throw new ConfigError([messageOf(error, option, host, port)])
  })
}

function listenOnce(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen({ host, port }, () => server.close(() => resolve(undefined)))
  })
}

function messageOf(error: NodeJS.ErrnoException, option: string, host: string, port: number): string {
  const { code = '', message } = error
  switch (code) {
    case 'EADDRINUSE':
      return `${option}: another program listens on port ${port} of ${host} (${code})`
    case 'EACCES':
      return `${option}: this process has no right to listen on port ${port} (${code})`
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `HOST: '${host}' is not an address of this machine (${code})`
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `HOST: this machine cannot listen on '${host}' (${code})`
    default:
      return `${option}: cannot listen on port ${port} of ${host}: ${message}`
  }
}
