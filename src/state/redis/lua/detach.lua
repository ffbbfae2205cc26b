-- Stores that a participant lost its connection and waits until the end of its window, which `open-window` has stored before.
-- KEYS session room
-- ARGV owner, window-end (ms), confirmed (seq), sent (seq) (both empty: the node is dead and nothing is known of deliveries)
-- Returns 'waiting', 'left' (the client does not reconnect; the caller removes the participant) or 'moved'.
local session, room = unpack(KEYS)
local owner, window_end, confirmed, sent = unpack(ARGV)

local stored = redis.call('HMGET', session, 'owner', 'state', 'reconnects', 'doubt')
if stored[1] ~= owner then return 'moved' end
if stored[3] == '0' then return 'left' end
if stored[2] == 'waiting' then return 'waiting' end
redis.call('HSET', session, 'state', 'waiting', 'deadline', window_end)
if confirmed == '' then
  redis.call('HSET', session, 'doubt', redis.call('HGET', room, 'seq') or 0)
else
  redis.call('HSET', session, 'cursor', confirmed, 'doubt', math.max(tonumber(sent), tonumber(stored[4])))
end
return 'waiting'
