/** The server cannot execute the command now, and may be able to soon. */
export const isTransient = (message: string) => /^(TRYAGAIN|CLUSTERDOWN|LOADING|MASTERDOWN|READONLY) /.test(message)

/** Messages of ioredis: the connection broke before the answer. Redis may have executed the command. */
export const mayBeExecuted = (message: string) =>
  /^(Connection is closed|Command aborted|Reached the max retries per request)/.test(message)

/** As `mayBeExecuted`, or ioredis did not write the command at all. */
export const isBroken = (message: string) => mayBeExecuted(message) || message.startsWith("Stream isn't writeable")

/**
 * The commands whose second execution changes nothing more. A script is safe by its own means (`repeat` in script-table.ts),
 * and `set` with NX compares its value with the stored one. A client does not write other commands again.
 */
const repeatable = new Set(
  [
    'asking auth cluster exists expire get hexists hget hgetall hkeys hlen hmget hset hvals info lrange ping set script spublish',
    'sadd srandmember srem time unlink xrange zadd zrange zrem zrevrange eval evalsha psubscribe punsubscribe',
    'ssubscribe subscribe sunsubscribe unsubscribe pubsub',
  ].flatMap((names) => names.split(' ')),
)

export const isRepeatable = (command: string) => repeatable.has(command)
