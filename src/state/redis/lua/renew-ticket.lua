-- Gives the owner a new ticket; the one before stays good until the new one is used or known to have arrived.
-- KEYS session
-- ARGV owner ticket
-- Returns 1. Refuses: moved.
local place = redis.call('HMGET', KEYS[1], 'owner', 'ticket')
if place[1] ~= ARGV[1] then return refuse('moved') end
local before = newest(place[2])
if before ~= ARGV[2] then redis.call('HSET', KEYS[1], 'previous', before, 'ticket', ARGV[2]) end
return 1
