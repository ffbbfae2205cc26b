-- Management replaces a member's record, and tells the node that serves it.
-- KEYS room members log feed
-- ARGV id expected value body
-- Returns 1, or 0 if the record is not as expected.
local room, members, log, feed = unpack(KEYS)
local id, expected, value, body = unpack(ARGV)

if redis.call('HGET', members, id) ~= expected then return 0 end
redis.call('HSET', members, id, value)
say(room, log, feed, body)
return 1
