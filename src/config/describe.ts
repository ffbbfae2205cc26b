import { readConfig } from './index.ts'
import { masked } from './masked.ts'
import { type Environment, entriesOf, optionTable } from './options.ts'

/** Defaults that depend on NODE_ENV or on the machine, or are random. */
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

/** Describes every option: its name, the value in force (secrets masked), its default and its meaning. @throws ConfigError */
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
  return entriesOf(optionTable).map(([name, { default: fallback, meaning, secret }]) => {
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
