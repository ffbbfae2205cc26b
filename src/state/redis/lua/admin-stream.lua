-- Management changes a stream, or takes it out with the subscriptions to it, and the room is told.
-- KEYS room log feed streams subscriptions members
-- ARGV id expected value (both empty: it goes) body...
-- Returns 1, or 0 if it is not as expected, or gone.
local room, log, feed, streams, subscriptions, members = unpack(KEYS)
local id, expected, value = unpack(ARGV)

if value ~= '' then
  if redis.call('HGET', streams, id) ~= expected then return 0 end
  redis.call('HSET', streams, id, value)
else
  local ended = matching(subscriptions, function(subscription) return contains(subscription.streams, id) end)
  if redis.call('HDEL', streams, id) == 0 then return 0 end
  remove(subscriptions, ended)
  for _, pair in ipairs(ended) do
    if redis.call('HEXISTS', members, tostring(pair[2].subscriber)) == 1 then
      say(room, log, feed, subscription_removed(pair[1], pair[2].subscriber))
    end
  end
end
for index = 4, #ARGV do say(room, log, feed, ARGV[index]) end
return 1
