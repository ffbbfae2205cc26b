-- Gives the owner a new ticket. The ticket before stays valid until the client uses or confirms the new one.
-- KEYS session
-- ARGV owner, ticket
-- Returns 1. Refuses: moved.
local stored = redis.call('HMGET', KEYS[1], 'owner', 'ticket')
if stored[1] ~= ARGV[1] then return refuse('moved') end
local before = newest_ticket(stored[2])
if before ~= ARGV[2] then redis.call('HSET', KEYS[1], 'previous', before, 'ticket', ARGV[2]) end
return 1
