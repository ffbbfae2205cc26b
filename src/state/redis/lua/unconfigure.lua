-- Removes the options of a room. A room without participants expires.
-- KEYS room members log closed
-- ARGV at (ms), seconds (tokens made until `at` are refused for so long; both empty: no token is refused)
-- Returns 1.
local room, members, log, closed = unpack(KEYS)
local at, seconds = unpack(ARGV)

redis.call('HDEL', room, 'options', 'participantLimit', 'inputLimit', 'quiet', 'quietStreams')
if at ~= '' then redis.call('SET', closed, at, 'EX', seconds) end
if redis.call('EXISTS', members) == 0 then expire_room(room, log) end
return 1
