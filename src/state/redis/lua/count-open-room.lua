-- Stores how many participants a room has. A room without participants is removed.
-- KEYS sizes (zset: room → participants), counted (zset: room → ms)
-- ARGV room, size
-- Returns 1 if the size is new, or 0.
local sizes, counted = unpack(KEYS)
local room, size = ARGV[1], tonumber(ARGV[2])

local before = tonumber(redis.call('ZSCORE', sizes, room) or 0)
if size > 0 then
  redis.call('ZADD', sizes, size, room)
  redis.call('ZADD', counted, now(), room)
else
  redis.call('ZREM', sizes, room)
  redis.call('ZREM', counted, room)
end
return before == size and 0 or 1
