-- Notes rooms in which a node has members, or is about to have.
-- KEYS rooms-of-node
-- ARGV room...
-- Returns how many were not noted yet.
return redis.call('SADD', KEYS[1], unpack(ARGV))
