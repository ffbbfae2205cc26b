-- Reads the states of sessions of a room, and stores how much their clients are known to have received.
-- KEYS session...
-- ARGV owner, confirmed (seq; empty: keeps the stored one), for each
-- Returns 'connected', 'waiting' or 'moved' for each; also 'moved' for a broken record, which the node then examines.
local states = {}
for index, session in ipairs(KEYS) do
  local owner, confirmed = ARGV[2 * index - 1], ARGV[2 * index]
  local stored = redis.pcall('HMGET', session, 'owner', 'state', 'cursor')
  if stored[1] == owner and stored[2] == 'connected' and confirmed ~= '' and tonumber(confirmed) > (tonumber(stored[3] or 0) or 0) then
    write_despite_full_memory(session)
    redis.call('HSET', session, 'cursor', confirmed)
  end
  states[index] = stored[1] == owner and stored[2] or 'moved'
end
return states
