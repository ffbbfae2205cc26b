-- Management replaces a member's record and appends an entry for the node that serves the member.
-- KEYS room members log feed
-- ARGV id, expected (JSON), value (JSON), body
-- Returns 1, or 0 if the record is not the expected one.
local room, members, log, feed = unpack(KEYS)
local id, expected, value, body = unpack(ARGV)

if redis.call('HGET', members, id) ~= expected then return 0 end
redis.call('HSET', members, id, value)
append_entry(room, log, feed, body)
return 1
