-- Participants whose window may be over, oldest first.
-- KEYS waiting clock
-- ARGV limit
-- Returns { the time on this server's clock (ms), member, deadline, ... }.
local waiting, clock = unpack(KEYS)

local due = redis.call('ZRANGEBYSCORE', waiting, '-inf', steady(clock, waiting), 'WITHSCORES', 'LIMIT', 0, ARGV[1])
table.insert(due, 1, now())
return due
