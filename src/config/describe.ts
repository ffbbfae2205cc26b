import { readConfig } from './index.ts'
import { masked } from './masked.ts'
import { type Environment, entriesOf, table } from './options.ts'

/** Defaults that differ in production, or that each process makes anew. */
const derivedDefaults: { [name: string]: string } = {
  HOST: '0.0.0.0, or `::` on a machine with IPv6 only',
  NODE_ID: 'random',
  NODE_URL: 'http://own-ip:PORT',
  PUBLIC_URL: 'from the request',
  ANONYMOUS_DIALECTS: 'all in development, none in production',
  CORS_ORIGINS: '`*` in development, none in production',
  DEMO: 'true in development',
  ICE_SERVERS: 'Google’s public STUN in development, `[]` in production',
}

/** Every option as a row: name, value in force (secrets masked), default, meaning. @throws ConfigError */
export function describeConfig(
  environment: Environment,
): { name: string; value: string; default: string; meaning: string }[] {
  const config = readConfig(environment)
  const inForce: { [name: string]: string } = {
    HOST: config.host,
    NODE_ID: config.nodeId,
    NODE_URL: config.nodeUrl,
    ANONYMOUS_DIALECTS: config.anonymousDialects.join(','),
    CORS_ORIGINS: config.corsOrigins.join(','),
    DEMO: String(config.demo),
    ICE_SERVERS: JSON.stringify(config.ice.servers),
  }
  return entriesOf(table).map(([name, { default: fallback, meaning, secret }]) => {
    const given = environment[name] || undefined
    const value = given === undefined ? (inForce[name] ?? fallback ?? '') : masked(given)
    return {
      name,
      value: secret && given !== undefined ? '****' : value,
      default: derivedDefaults[name] ?? fallback ?? '–',
      meaning,
    }
  })
}
