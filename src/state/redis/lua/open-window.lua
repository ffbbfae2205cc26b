-- Opens the reconnect window of a participant.
-- KEYS waiting (zset), clock (hash)
-- ARGV `room|participant`, ms (absent: the configured window)
-- Returns the deadline, ms on the clock of `window_time`.
local waiting, clock = unpack(KEYS)

local deadline = window_time(clock, waiting) + (tonumber(ARGV[2]) or WINDOW_MS)
redis.call('ZADD', waiting, deadline, ARGV[1])
return deadline
