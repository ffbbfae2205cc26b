-- Removes a stream and the subscriptions to it, and appends entries for their subscribers, then for the room.
-- KEYS room session log feed replies streams subscriptions members
-- ARGV owner, op, rid, reply, confirmed (seq), id, body...
-- Returns 1. Refuses: moved, unavailable, repeated, no_such_stream.
local room, session, log, feed, replies, streams, subscriptions, members = unpack(KEYS)
local owner, op, rid, reply, confirmed, id = unpack(ARGV)

local done = begin_write(session, replies, owner, op, rid, confirmed)
if done then return done end
local ended = find_where(subscriptions, function(subscription) return contains(subscription.streams, id) end)
if redis.call('HDEL', streams, id) == 0 then return refuse('no_such_stream') end
remove_found(subscriptions, ended)
for _, pair in ipairs(ended) do
  if redis.call('HEXISTS', members, tostring(pair[2].subscriber)) == 1 then
    append_entry(room, log, feed, subscription_removed(pair[1], pair[2].subscriber))
  end
end
for index = 7, #ARGV do append_entry(room, log, feed, ARGV[index]) end
return finish_write(session, replies, op, 1, rid, reply)
