-- Management changes a stream, or removes it with the subscriptions to it, and appends entries for the room.
-- KEYS room log feed streams subscriptions members
-- ARGV id, expected (JSON), value (JSON), body... (expected and value empty: removes the stream)
-- Returns 1, or 0 if the stream is gone or not the expected one.
local room, log, feed, streams, subscriptions, members = unpack(KEYS)
local id, expected, value = unpack(ARGV)

if value ~= '' then
  if redis.call('HGET', streams, id) ~= expected then return 0 end
  redis.call('HSET', streams, id, value)
else
  local ended = find_where(subscriptions, function(subscription) return contains(subscription.streams, id) end)
  if redis.call('HDEL', streams, id) == 0 then return 0 end
  remove_found(subscriptions, ended)
  for _, pair in ipairs(ended) do
    if redis.call('HEXISTS', members, tostring(pair[2].subscriber)) == 1 then
      append_entry(room, log, feed, subscription_removed(pair[1], pair[2].subscriber))
    end
  end
end
for index = 4, #ARGV do append_entry(room, log, feed, ARGV[index]) end
return 1
