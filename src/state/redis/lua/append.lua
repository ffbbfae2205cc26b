-- Appends a message of a participant.
-- KEYS room session log feed replies members
-- ARGV owner, op, rid, reply, confirmed (seq), to (participant id, empty: the room), body
-- Returns the seq. Refuses: moved, unavailable, repeated, no_such_participant.
local room, session, log, feed, replies, members = unpack(KEYS)
local owner, op, rid, reply, confirmed, to, body = unpack(ARGV)

local done = begin_write(session, replies, owner, op, rid, confirmed)
if done then return done end
if to ~= '' and redis.call('HEXISTS', members, to) == 0 then return refuse('no_such_participant', to) end
return finish_write(session, replies, op, append_entry(room, log, feed, body), rid, reply)
