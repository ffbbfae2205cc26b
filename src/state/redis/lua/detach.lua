-- A connection is lost: the participant waits until its deadline. `wait` has noted the deadline before.
-- KEYS session room
-- ARGV owner deadline cursor doubt (both empty: the node is dead, nobody knows what was handed on)
-- Returns 'waiting', 'left' (it does not reconnect; the caller takes it out) or 'moved'.
local session, room = unpack(KEYS)
local owner, deadline, cursor, doubt = unpack(ARGV)

local place = redis.call('HMGET', session, 'owner', 'state', 'reconnects', 'doubt')
if place[1] ~= owner then return 'moved' end
if place[3] == '0' then return 'left' end
if place[2] == 'waiting' then return 'waiting' end
redis.call('HSET', session, 'state', 'waiting', 'deadline', deadline)
if cursor == '' then
  redis.call('HSET', session, 'doubt', redis.call('HGET', room, 'seq') or 0)
else
  redis.call('HSET', session, 'cursor', cursor, 'doubt', math.max(tonumber(doubt), tonumber(place[4])))
end
return 'waiting'
