-- Notes the deadline of a participant that waits, unless a deadline is noted.
-- KEYS waiting
-- ARGV deadline `room|participant`
-- Returns how many were noted.
return redis.call('ZADD', KEYS[1], 'NX', ARGV[1], ARGV[2])
