-- Adds rooms to a list of rooms, or renews their scores there.
-- KEYS list (zset)
-- ARGV score, room...
-- Returns how many are new on the list.
local scored = {}
for index = 2, #ARGV do
  table.insert(scored, ARGV[1])
  table.insert(scored, ARGV[index])
end
return redis.call('ZADD', KEYS[1], unpack(scored))
