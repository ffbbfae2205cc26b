-- Lists what is older than an age, oldest first. A time in the future was written before this server's clock was set back: it
-- counts from now on.
-- KEYS times (zset: member → ms)
-- ARGV age (ms), limit
-- Returns { this server's time (ms), member, time, ... }.
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now() + LEASE_MS + 1000, '+inf', 'LIMIT', 0, 100)) do
  write_despite_full_memory(KEYS[1])
  redis.pcall('ZADD', KEYS[1], 'XX', now(), member)
end
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now() - ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
table.insert(old, 1, now())
return old
