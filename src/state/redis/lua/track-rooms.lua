-- Stores rooms in which a node has participants, or is about to have some.
-- KEYS rooms-of-node (set)
-- ARGV room...
-- Returns how many are new.
return redis.call('SADD', KEYS[1], unpack(ARGV))
