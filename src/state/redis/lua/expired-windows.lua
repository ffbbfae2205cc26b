-- Lists participants whose window may be over, oldest first.
-- KEYS waiting (zset), clock (hash)
-- ARGV limit
-- Returns { this server's time (ms), member, window-end, ... }.
local waiting, clock = unpack(KEYS)

local expired = redis.call('ZRANGEBYSCORE', waiting, '-inf', window_time(clock, waiting), 'WITHSCORES', 'LIMIT', 0, ARGV[1])
table.insert(expired, 1, now())
return expired
