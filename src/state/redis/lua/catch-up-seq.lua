-- Lets a room leap that is behind a number which a node has delivered.
-- KEYS room log feed
-- ARGV delivered (seq)
-- Returns the newest seq, 0 if there is no such room.
local room, log, feed = unpack(KEYS)

if redis.call('EXISTS', room) == 0 then return 0 end
ensure_lineage(room, log, feed)
if tonumber(redis.call('HGET', room, 'seq') or 0) < tonumber(ARGV[1]) then leap(room, log, feed, tonumber(ARGV[1])) end
return tonumber(redis.call('HGET', room, 'seq') or 0)
