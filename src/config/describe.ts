import type { TSchema } from 'typebox'
import { readConfig } from '../config.ts'
import { type Environment, type Options, readOptions, Schema } from './options.ts'

/** Names whose values are never printed. */
const secrets = new Set(['SIGNALBOX_SECRET', 'MANAGEMENT_KEYS', 'TURN_SECRET', 'ICE_SERVERS'])

/** What differs in production, or is made anew for every process. */
const derivedDefaults: { [name: string]: string } = {
  NODE_ID: 'random',
  NODE_URL: 'http://own-ip:PORT',
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
  const { options } = readOptions(environment)
  const inForce: { [name: string]: string } = {
    NODE_ID: config.nodeId,
    NODE_URL: config.nodeUrl,
    ANONYMOUS_DIALECTS: config.anonymousDialects.join(','),
    CORS_ORIGINS: config.corsOrigins.join(','),
    DEMO: String(config.demo),
    ICE_SERVERS: JSON.stringify(config.ice.servers),
  }
  return Object.entries(Schema.properties).map(([name, schema]) => {
    const value = options[name as keyof Options]
    const shown = value === undefined ? (inForce[name] ?? '') : withoutPassword(String(value))
    return {
      name,
      value: secrets.has(name) && value !== undefined ? '****' : shown,
      default: derivedDefaults[name] ?? defaultOf(schema),
      meaning: meaningOf(schema),
    }
  })
}

function withoutPassword(value: string): string {
  return value.replace(/(\/\/[^:/@]*):[^/?#,]*@/g, '$1:****@')
}

function defaultOf(schema: TSchema): string {
  return 'default' in schema ? String(schema.default) : '–'
}

function meaningOf(schema: TSchema): string {
  return 'description' in schema ? String(schema.description) : ''
}
