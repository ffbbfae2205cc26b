-- A node that was declared dead still has the connection: the session is connected again, unless it has another owner.
-- KEYS session
-- ARGV owner
-- Returns 1, or 0 if the session has another owner.
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'state', 'connected')
return 1
