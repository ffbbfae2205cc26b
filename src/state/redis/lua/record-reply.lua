-- Stores the reply to a request that the participant's node performed in another room.
-- KEYS session replies
-- ARGV owner, op, rid, reply, confirmed (seq)
-- Returns 1. Refuses: moved, unavailable, repeated.
local session, replies = unpack(KEYS)
local owner, op, rid, reply, confirmed = unpack(ARGV)

local done = begin_write(session, replies, owner, op, rid, confirmed)
if done then return done end
return finish_write(session, replies, op, 1, rid, reply)
