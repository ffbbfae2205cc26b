-- The client is known to have a ticket: those issued before it are spent, and the login token for good.
-- KEYS session token
-- ARGV owner token-seconds ticket
-- Returns 1, or 0 if the participant has moved.
local place = redis.call('HMGET', KEYS[1], 'owner', 'ticket', 'previous')
if place[1] ~= ARGV[1] then return 0 end
local issued, previous = with_confirmed(place[2], place[3], ARGV[3])
redis.call('HSET', KEYS[1], 'proven', '1', 'previous', previous, 'ticket', issued)
redis.call('SET', KEYS[2], 'used', 'EX', ARGV[2])
return 1
