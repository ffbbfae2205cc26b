-- Opens the reconnect window of a participant.
-- KEYS waiting (zset), clock (hash)
-- ARGV `room|participant`, ms (absent: the configured window)
-- Returns the end of the window, ms on the clock of `window_time`.
local waiting, clock = unpack(KEYS)

local window_end = window_time(clock, waiting) + (tonumber(ARGV[2]) or WINDOW_MS)
redis.call('ZADD', waiting, window_end, ARGV[1])
return window_end
