-- Lets a room leap whose newest seq is smaller than the position of a node's feed.
-- KEYS room log feed
-- ARGV feed-position (seq)
-- Returns the newest seq, 0 if there is no such room.
local room, log, feed = unpack(KEYS)
local feed_position = tonumber(ARGV[1])

if redis.call('EXISTS', room) == 0 then return 0 end
ensure_lineage(room, log, feed)
if tonumber(redis.call('HGET', room, 'seq') or 0) < feed_position then leap(room, log, feed, feed_position) end
return tonumber(redis.call('HGET', room, 'seq') or 0)
