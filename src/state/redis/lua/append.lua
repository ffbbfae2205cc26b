-- One message by a participant.
-- KEYS room session log feed replies members
-- ARGV owner op rid reply cursor to body
-- Returns the seq. Refuses: moved, repeated, no_such_participant.
local room, session, log, feed, replies, members = unpack(KEYS)
local owner, op, rid, reply, cursor, to, body = unpack(ARGV)

local over = begin(session, replies, owner, op, rid, cursor)
if over then return over end
if to ~= '' and redis.call('HEXISTS', members, to) == 0 then return refuse('no_such_participant', to) end
return finish(session, replies, op, say(room, log, feed, body), rid, reply)
