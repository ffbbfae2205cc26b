-- Stores what a node says about itself.
-- KEYS node (hash)
-- ARGV seconds (until it expires), field, value, ...
-- Returns 1.
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
