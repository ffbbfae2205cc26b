-- Extends a node's lease.
-- KEYS nodes
-- ARGV node
-- Returns { 1, or 0 if the lease had run out (or was never there); the time on this server's clock, ms }.
local last = redis.call('ZSCORE', KEYS[1], ARGV[1])
local time = now()
redis.call('ZADD', KEYS[1], time, ARGV[1])
return { last and tonumber(last) > time - LEASE_MS and 1 or 0, time }
