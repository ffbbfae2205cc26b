-- How far a room has come, as it must be at least for one who was handed a number of it: a room that is behind leaps.
-- KEYS room log feed
-- ARGV reached
-- Returns the newest seq, 0 if there is no such room.
local room, log, feed = unpack(KEYS)

if redis.call('EXISTS', room) == 0 then return 0 end
abreast(room, log, feed)
if tonumber(redis.call('HGET', room, 'seq') or 0) < tonumber(ARGV[1]) then leap(room, log, feed, tonumber(ARGV[1])) end
return tonumber(redis.call('HGET', room, 'seq') or 0)
