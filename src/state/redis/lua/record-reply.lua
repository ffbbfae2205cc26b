-- Notes the ack of a request by a participant that was done in another room.
-- KEYS session replies
-- ARGV owner op rid reply cursor
-- Returns 1. Refuses: moved, repeated.
local session, replies = unpack(KEYS)
local owner, op, rid, reply, cursor = unpack(ARGV)

local over = begin(session, replies, owner, op, rid, cursor)
if over then return over end
return finish(session, replies, op, 1, rid, reply)
