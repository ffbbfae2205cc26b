-- Takes a participant out with its streams and subscriptions, and tells the others.
-- KEYS room members session log feed streams subscriptions replies left
-- ARGV id guard ('owner', 'due' or 'any') value (the owner, or the deadline that was seen) body (told first, or empty)
-- Returns 1, or 0 if it was gone or is not due. The room's keys expire once it is empty. Refuses: moved (another owner).
local room, members, session, log, feed, streams, subscriptions, replies = unpack(KEYS)
local id, guard, value, body = unpack(ARGV)

local place = redis.call('HMGET', session, 'owner', 'state', 'deadline')
if not place[1] then return 0 end
if guard == 'owner' and place[1] ~= value then return refuse('moved') end
if guard == 'due' and (place[2] ~= 'waiting' or tonumber(place[3] or 0) > tonumber(value)) then return 0 end

local member = redis.call('HGET', members, id)
local published = matching(streams, function(stream) return stream.owner == id end)
local ended = matching(subscriptions, function(subscription)
  return subscription.owner == id or subscription.subscriber == id
end)

redis.call('DEL', session, replies)
local function tell(text)
  say(room, log, feed, text)
end
if body ~= '' then tell(body) end
redis.call('SET', KEYS[9], '', 'PX', LOG_MS) -- so that no node takes it for lost and restores it
redis.call('HDEL', members, id)
if member and redis.call('HGET', room, 'quiet') ~= '1' then
  tell('"event":"participant","data":{"action":"leave","member":' .. member .. '}}')
end
remove(streams, published)
for _, pair in ipairs(published) do
  if redis.call('HGET', room, 'quietStreams') ~= '1' then
    tell('"event":"stream","data":{"id":"' .. pair[1] .. '","status":"remove"}}')
  end
end
remove(subscriptions, ended)
for _, pair in ipairs(ended) do
  local other = pair[2].owner == id and pair[2].subscriber or pair[2].owner
  if other ~= id then tell(subscription_removed(pair[1], tostring(other))) end
end
if redis.call('HLEN', members) == 0 then
  redis.call('UNLINK', streams, subscriptions)
  expire_room(room, log)
end
return 1
