import { list } from './options.ts'

/** The keys that sign and verify; none when they are made up for this process alone. */
export function readSecret(value: string | undefined, required: boolean, mistakes: string[]): string[] {
  const keys = list(value)
  if (keys.some((key) => key.length < 32)) mistakes.push('SIGNALBOX_SECRET: every key needs at least 32 characters')
  if (keys.length === 0 && required) {
    mistakes.push(
      'SIGNALBOX_SECRET: required with REDIS_URL or NODE_ENV=production, for example `openssl rand -hex 32`',
    )
  }
  return keys
}

const shortestManagementKey = 16

export function readManagementKeys(value: string | undefined, production: boolean, mistakes: string[]) {
  const keys = list(value).map((entry) => {
    const [, id = '', key = ''] = /^([0-9A-Za-z_-]{1,64}):(.+)$/.exec(entry) ?? []
    return { id, key }
  })
  if (keys.some(({ key }) => key === '')) mistakes.push('MANAGEMENT_KEYS: expected id:key,… (ids of 0-9A-Za-z_-)')
  else if (production && keys.some(({ key }) => key.length < shortestManagementKey)) {
    mistakes.push(`MANAGEMENT_KEYS: in production every key needs at least ${shortestManagementKey} characters`)
  }
  return keys
}
