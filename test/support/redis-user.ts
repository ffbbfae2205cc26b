import { Redis } from 'ioredis'
import { marked, readDocument } from './markdown.ts'

const password = 'the password of the tests'

/** The rules that docs/operations.md gives a node's user, in Redis Cluster too. */
function documentedRules(prefix: string): string[] {
  const document = readDocument('docs/operations.md')
  const [, command = ''] = /^ACL SETUSER signalbox on >password (.*?)^```$/ms.exec(marked(document, 'acl')) ?? []
  const [, cluster = ''] = /In a cluster add `([^`]+)`/.exec(document) ?? []
  if (!command || !cluster) throw new Error('docs/operations.md has no ACL rule that can be read')
  return `${command} ${cluster}`
    .trim()
    .split(/\s+/)
    .map((rule) => rule.replace(/^([~&])sb:/, `$1${prefix}:`))
}

const known = new Map<string, Promise<string>>()

/**
 * The same addresses with the credentials of the documented user, who is made where there is none. Addresses that have
 * credentials, and servers that do not answer now, are left as they are.
 */
export function asDocumentedUser(urls: string, prefix: string): Promise<string> {
  const key = `${urls} ${prefix}`
  const made = known.get(key) ?? makeUser(urls, prefix)
  known.set(key, made)
  return made
}

async function makeUser(urls: string, prefix: string): Promise<string> {
  const addresses = urls.split(',').map((url) => new URL(url.trim()))
  if (addresses.some(({ username, password }) => username || password)) return urls
  const user = `signalbox-${prefix}`
  try {
    await Promise.all(addresses.map((address) => setUser(address, user, documentedRules(prefix))))
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('ERR')) throw error // a rule that Redis does not understand
    known.delete(`${urls} ${prefix}`)
    return urls
  }
  for (const address of addresses) Object.assign(address, { username: user, password: encodeURIComponent(password) })
  return addresses.map(String).join(',')
}

/** @param address a sentinel's: all the servers that it watches */
async function setUser({ hostname, port }: URL, user: string, rules: string[]): Promise<void> {
  const admin = adminOf(hostname, Number(port))
  try {
    const info = await admin.info('server')
    if (!info.includes('redis_mode:sentinel')) {
      await admin.call('ACL', 'SETUSER', user, 'reset', 'on', `>${password}`, ...rules)
      return
    }
    const watched: { hostname: string; port: string }[] = []
    for (const master of (await admin.call('SENTINEL', 'MASTERS')) as string[][]) {
      const { name = '', ...address } = serverOf(master)
      const replicas = (await admin.call('SENTINEL', 'REPLICAS', name)) as string[][]
      watched.push(address, ...replicas.map(serverOf))
    }
    await Promise.all(watched.map((address) => setUser(address as URL, user, rules)))
  } finally {
    admin.disconnect()
  }
}

function serverOf(fields: string[]): { name?: string; hostname: string; port: string } {
  const value = (name: string) => fields[fields.indexOf(name) + 1] ?? ''
  return { name: value('name'), hostname: value('ip'), port: value('port') }
}

function adminOf(host: string, port: number): Redis {
  const admin = new Redis(port, host, { retryStrategy: () => null, connectTimeout: 1000, commandTimeout: 2000 })
  admin.on('error', () => {})
  return admin
}

/** Gives the users of one server to another that takes its place: Redis does not replicate them. */
export async function copyUsers(from: Redis, to: Redis): Promise<void> {
  for (const line of (await from.call('ACL', 'LIST')) as string[]) {
    const [, name = '', ...rules] = line.split(' ')
    if (name !== 'default') await to.call('ACL', 'SETUSER', name, ...rules)
  }
}
