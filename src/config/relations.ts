import { minManagementKeyLength } from './keys.ts'
import { maxTimerSeconds } from './numbers.ts'
import type { Mistake, OptionName, OptionValues, Readings } from './options.ts'
import { databaseOf, differenceIn } from './redis.ts'

/** A rule for several options. It is skipped if one of the options in `involved` has a mistake of its own. */
type Relation = {
  /** The option that the message names. */
  name: OptionName
  involved: OptionName[]
  faultOf: (options: OptionValues, given: ReadonlySet<OptionName>) => string | undefined | false
}

const relations: Relation[] = [
  {
    name: 'OPS_PORT',
    involved: ['PORT', 'OPS_PORT'],
    faultOf: ({ PORT, OPS_PORT }) =>
      PORT === OPS_PORT && PORT > 0 && `PORT is ${PORT} too: choose another port, or 0 to serve both on PORT`,
  },
  {
    name: 'REDIS_URL',
    involved: ['REDIS_MODE'],
    faultOf: ({ REDIS_MODE }, given) =>
      REDIS_MODE !== 'standalone' && !given.has('REDIS_URL') && `is required with REDIS_MODE=${REDIS_MODE}`,
  },
  {
    name: 'REDIS_URL',
    involved: ['REDIS_URL', 'REDIS_MODE'],
    faultOf: ({ REDIS_URL: urls = [], REDIS_MODE: mode }) => {
      if (mode === 'standalone' && urls.length > 1) return 'several addresses need REDIS_MODE=sentinel or cluster'
      const database = mode === 'cluster' && urls.map(databaseOf).find(Boolean)
      return database ? `has the database ${database}, and a Redis Cluster has only 0` : differenceIn(urls)
    },
  },
  {
    name: 'REDIS_SENTINEL_NAME',
    involved: ['REDIS_MODE'],
    faultOf: ({ REDIS_MODE }, given) =>
      REDIS_MODE === 'sentinel' && !given.has('REDIS_SENTINEL_NAME') && 'is required with REDIS_MODE=sentinel',
  },
  {
    name: 'SIGNALBOX_SECRET',
    involved: ['SIGNALBOX_SECRET'],
    faultOf: ({ SIGNALBOX_SECRET, NODE_ENV }, given) =>
      SIGNALBOX_SECRET === undefined &&
      (NODE_ENV === 'production' || given.has('REDIS_URL')) &&
      'is required with REDIS_URL or NODE_ENV=production, for example `openssl rand -hex 32`',
  },
  {
    name: 'MANAGEMENT_KEYS',
    involved: ['MANAGEMENT_KEYS', 'NODE_ENV'],
    faultOf: ({ MANAGEMENT_KEYS: keys = [], NODE_ENV }) =>
      NODE_ENV === 'production' &&
      keys.some(({ key }) => key.length < minManagementKeyLength) &&
      `in production every key needs at least ${minManagementKeyLength} characters`,
  },
  {
    name: 'TURN_SECRET',
    involved: ['TURN_URLS'],
    faultOf: ({ TURN_URLS = [] }, given) =>
      TURN_URLS.length > 0 && !given.has('TURN_SECRET') && 'is required with TURN_URLS',
  },
  {
    name: 'PING_TIMEOUT',
    involved: ['PING_INTERVAL', 'PING_TIMEOUT'],
    faultOf: ({ PING_INTERVAL, PING_TIMEOUT }) =>
      PING_INTERVAL + PING_TIMEOUT > maxTimerSeconds &&
      `is more than ${maxTimerSeconds} seconds together with PING_INTERVAL, for which no timer can wait`,
  },
]

export function mistakesBetween({ options, given, mistakes }: Readings): Mistake[] {
  const mistaken = new Set(mistakes.map(({ name }) => name))
  return relations.flatMap(({ name, involved, faultOf }) => {
    if (involved.some((option) => mistaken.has(option))) return []
    const complaint = faultOf(options, given)
    return complaint ? [{ name, complaint }] : []
  })
}
