-- Notes how many are in a room; none: it comes off the list.
-- KEYS sizes counted
-- ARGV room size
-- Returns 1 when that is news, or 0.
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
