-- Takes back what was set for a room; one that nobody is in goes with it.
-- KEYS room members log
-- Returns 1.
local room, members, log = unpack(KEYS)

redis.call('HDEL', room, 'options', 'participantLimit', 'inputLimit', 'quiet', 'quietStreams')
if redis.call('EXISTS', members) == 0 then redis.call('UNLINK', room, log) end
return 1
