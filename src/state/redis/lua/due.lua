-- What is older than an age, oldest first.
-- KEYS zset of times
-- ARGV age (ms) limit
-- Returns { member, score, ... }.
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now() - ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
