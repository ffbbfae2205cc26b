-- One message from no participant: management, or a server of the operator's.
-- KEYS room log feed members
-- ARGV to body
-- Returns the seq. Refuses: no_such_participant (no such room, or `to` is not in it).
local room, log, feed, members = unpack(KEYS)
local to, body = unpack(ARGV)

if redis.call('EXISTS', room) == 0 then return refuse('no_such_participant', to) end
if to ~= '' and redis.call('HEXISTS', members, to) == 0 then return refuse('no_such_participant', to) end
return say(room, log, feed, body)
