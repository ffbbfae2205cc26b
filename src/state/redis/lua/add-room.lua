-- Puts a room on the list of rooms, unless there are enough.
-- KEYS rooms
-- ARGV room most
-- Returns 1 if it is on the list, or 0.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now(), ARGV[1])
return 1
