-- Removes a member of a zset unless its score has changed.
-- KEYS zset
-- ARGV member, score
-- Returns how many were removed.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
