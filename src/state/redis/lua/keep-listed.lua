-- Adds rooms to the index of rooms, or renews their scores there.
-- KEYS index (zset)
-- ARGV score, room...
-- Returns how many are new in the index.
local scored = {}
for index = 2, #ARGV do
  table.insert(scored, ARGV[1])
  table.insert(scored, ARGV[index])
end
return redis.call('ZADD', KEYS[1], unpack(scored))
