-- Stores that the client has received a ticket: the tickets before it are spent, and so is the login token.
-- KEYS session token
-- ARGV owner, token-seconds, ticket
-- Returns 1, or 0 if the session has another owner.
local stored = redis.call('HMGET', KEYS[1], 'owner', 'ticket', 'previous')
if stored[1] ~= ARGV[1] then return 0 end
local issued, previous = with_confirmed(stored[2], stored[3], ARGV[3])
redis.call('HSET', KEYS[1], 'proven', '1', 'previous', previous, 'ticket', issued)
redis.call('SET', KEYS[2], 'used', 'EX', ARGV[2])
return 1
