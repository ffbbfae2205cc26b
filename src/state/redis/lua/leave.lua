-- Takes a participant out with its streams and subscriptions, and tells the others.
-- KEYS room members session log feed streams subscriptions replies left
-- ARGV id guard ('owner', 'due' or 'any') value (the owner, or the deadline that was seen) at body (told first, or empty)
-- Returns 1, or 0 if it was gone, has moved or is not due. The room's keys expire once it is empty.
local room, members, session, log, feed, streams, subscriptions, replies = unpack(KEYS)
local id, guard, value, at, body = unpack(ARGV)

local place = redis.call('HMGET', session, 'owner', 'state', 'deadline')
if not place[1] or (guard == 'owner' and place[1] ~= value) then return 0 end
if guard == 'due' and (place[2] ~= 'waiting' or tonumber(place[3]) > tonumber(value)) then return 0 end

local function tell(text)
  say(room, log, feed, text)
end
if body ~= '' then tell(body) end
local member = redis.call('HGET', members, id)
redis.call('DEL', session, replies)
redis.call('SET', KEYS[9], '', 'PX', LOG_MS) -- so that no node takes it for lost and restores it
redis.call('HDEL', members, id)
if redis.call('HGET', room, 'quiet') ~= '1' then
  tell('"at":' .. at .. ',"event":"participant","data":{"action":"leave","member":' .. member .. '}}')
end

for _, stream in ipairs(take(streams, function(stream) return stream.owner == id end)) do
  if redis.call('HGET', room, 'quietStreams') ~= '1' then
    tell('"at":' .. at .. ',"event":"stream","data":{"id":"' .. stream.id .. '","status":"remove"}}')
  end
end
local ended = take(subscriptions, function(subscription)
  return subscription.owner == id or subscription.subscriber == id
end)
for _, subscription in ipairs(ended) do
  local other = subscription.owner == id and subscription.subscriber or subscription.owner
  if other ~= id then tell(subscription_removed(at, subscription.id, other)) end
end

if redis.call('HLEN', members) == 0 then
  redis.call('PEXPIRE', log, LOG_MS)
  if redis.call('HEXISTS', room, 'options') == 0 then redis.call('PEXPIRE', room, LOG_MS) end
end
return 1
