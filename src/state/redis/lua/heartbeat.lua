-- Extends the lease of a node.
-- KEYS nodes (zset: node → ms)
-- ARGV node
-- Returns { 1, or 0 if the lease had run out or never was; this server's time (ms) }.
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
local time = now()
redis.call('ZADD', KEYS[1], time, ARGV[1])
return { last and tonumber(last) > time - LEASE_MS and 1 or 0, time }
