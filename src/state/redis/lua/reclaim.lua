-- A node that was declared dead still has the connection: the participant is connected again, if it has not moved.
-- KEYS session
-- ARGV owner
-- Returns 1, or 0 if it has moved.
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', 'connected')
return 1
