-- Takes back what was set for a room; one that nobody is in expires.
-- KEYS room members log
-- Returns 1.
local room, members, log = unpack(KEYS)

redis.call('HDEL', room, 'options', 'participantLimit', 'inputLimit', 'quiet', 'quietStreams')
if redis.call('EXISTS', members) == 0 then expire_room(room, log) end
return 1
