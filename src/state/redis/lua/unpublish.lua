-- Removes a stream and the subscriptions to it, and tells their subscribers and then the room.
-- KEYS room session log feed replies streams subscriptions members
-- ARGV owner op rid reply cursor id body...
-- Returns 1. Refuses: moved, repeated, no_such_stream.
local room, session, log, feed, replies, streams, subscriptions, members = unpack(KEYS)
local owner, op, rid, reply, cursor, id = unpack(ARGV)

local over = begin(session, replies, owner, op, rid, cursor)
if over then return over end
local ended = matching(subscriptions, function(subscription) return contains(subscription.streams, id) end)
if redis.call('HDEL', streams, id) == 0 then return refuse('no_such_stream') end
remove(subscriptions, ended)
for _, pair in ipairs(ended) do
  if redis.call('HEXISTS', members, tostring(pair[2].subscriber)) == 1 then
    say(room, log, feed, subscription_removed(pair[1], pair[2].subscriber))
  end
end
for index = 7, #ARGV do say(room, log, feed, ARGV[index]) end
return finish(session, replies, op, 1, rid, reply)
