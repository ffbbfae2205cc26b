-- The client has its newest ticket: the one before is spent, and the login token for good.
-- KEYS session token
-- ARGV owner token-seconds
-- Returns 1, or 0 if the participant has moved.
local place = redis.call('HMGET', KEYS[1], 'owner', 'ticket')
if place[1] ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'proven', '1', 'previous', '', 'ticket', newest(place[2]))
redis.call('SET', KEYS[2], 'used', 'EX', ARGV[2])
return 1
