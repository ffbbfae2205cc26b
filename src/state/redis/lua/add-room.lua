-- Adds a room to the index of rooms, unless as many as the limit are open.
-- KEYS rooms (zset: room → ms)
-- ARGV room, limit (number of rooms)
-- Returns 1 if the room is in the index, or 0.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 1 end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now(), ARGV[1])
return 1
