-- Notes that a participant's window is open.
-- KEYS waiting
-- ARGV `room|participant` ms (absent: the window)
-- Returns the deadline, ms on this server's clock.
local deadline = now() + (tonumber(ARGV[2]) or WINDOW_MS)
redis.call('ZADD', KEYS[1], deadline, ARGV[1])
return deadline
