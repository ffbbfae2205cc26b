-- How a place stands; notes how far its connection had been handed messages.
-- KEYS session
-- ARGV owner cursor (empty: leave it)
-- Returns 'connected', 'waiting' or 'moved'.
local place = redis.call('HMGET', KEYS[1], 'owner', 'state', 'cursor')
if place[1] ~= ARGV[1] then return 'moved' end
if place[2] == 'connected' and ARGV[2] ~= '' and tonumber(ARGV[2]) > tonumber(place[3]) then
  redis.call('HSET', KEYS[1], 'cursor', ARGV[2])
end
return place[2]
