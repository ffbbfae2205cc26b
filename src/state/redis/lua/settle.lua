-- The client has its newest ticket: the one before is spent, and the login token for good.
-- KEYS session token
-- ARGV owner token-seconds
-- Returns 1, or 0 if the participant has moved.
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'proven', '1', 'previous', '')
redis.call('SET', KEYS[2], 'used', 'EX', ARGV[2])
return 1
