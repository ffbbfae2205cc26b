-- Stores the end of the window of a participant that waits, unless one is stored.
-- KEYS waiting (zset)
-- ARGV window-end (ms), `room|participant`
-- Returns how many were stored.
return redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[2])
