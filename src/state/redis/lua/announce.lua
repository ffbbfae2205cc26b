-- One message from no participant of the room: management, or a participant of another one.
-- KEYS room log feed members said
-- ARGV to body once (empty: it is not repeated)
-- Returns the seq; that of the first time when it is repeated.
-- Refuses: no_such_participant (no such room, or `to` is not in it).
local room, log, feed, members, said = unpack(KEYS)
local to, body, once = unpack(ARGV)

local before = once ~= '' and redis.call('GET', said)
if before then return tonumber(before) end
if redis.call('EXISTS', room) == 0 then return refuse('no_such_participant', to) end
if to ~= '' and redis.call('HEXISTS', members, to) == 0 then return refuse('no_such_participant', to) end
local seq = say(room, log, feed, body)
if once ~= '' then redis.call('SET', said, seq, 'PX', LOG_MS) end
return seq
