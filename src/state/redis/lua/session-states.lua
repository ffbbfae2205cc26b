-- How places in a room stand; notes how far their clients are known to have come.
-- KEYS session...
-- ARGV owner cursor (empty: leave it), for each
-- Returns 'connected', 'waiting' or 'moved' for each; 'moved' also for one that is broken, whose node then finds out more.
local standing = {}
for index, session in ipairs(KEYS) do
  local owner, cursor = ARGV[2 * index - 1], ARGV[2 * index]
  local place = redis.pcall('HMGET', session, 'owner', 'state', 'cursor')
  if place[1] == owner and place[2] == 'connected' and cursor ~= '' and tonumber(cursor) > (tonumber(place[3] or 0) or 0) then
    write_despite_full_memory(session)
    redis.call('HSET', session, 'cursor', cursor)
  end
  standing[index] = place[1] == owner and place[2] or 'moved'
end
return standing
