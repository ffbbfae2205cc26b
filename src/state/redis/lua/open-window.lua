-- Notes that a participant's window is open.
-- KEYS waiting clock
-- ARGV `room|participant` ms (absent: the window)
-- Returns the deadline, ms as `steady` counts.
local waiting, clock = unpack(KEYS)

local deadline = steady(clock, waiting) + (tonumber(ARGV[2]) or WINDOW_MS)
redis.call('ZADD', waiting, deadline, ARGV[1])
return deadline
