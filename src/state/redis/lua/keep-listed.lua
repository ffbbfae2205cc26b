-- Puts rooms on a list of rooms, or keeps them there.
-- KEYS zset
-- ARGV score room...
-- Returns how many are new on it.
local scored = {}
for index = 2, #ARGV do
  table.insert(scored, ARGV[1])
  table.insert(scored, ARGV[index])
end
return redis.call('ZADD', KEYS[1], unpack(scored))
