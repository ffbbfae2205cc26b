-- Removes a participant with its streams and subscriptions, and appends entries for the others.
-- KEYS room members session log feed streams subscriptions replies left
-- ARGV id, guard ('owner', 'window_end' or 'any'), value (the owner, or the end of the window that the caller read, ms), body (appended first, or
--   empty)
-- Returns 1, or 0 if the participant is gone or its window has not expired. An empty room expires. Refuses: moved (another owner).
local room, members, session, log, feed, streams, subscriptions, replies = unpack(KEYS)
local id, guard, value, body = unpack(ARGV)

local stored = redis.call('HMGET', session, 'owner', 'state', 'deadline')
if not stored[1] then return 0 end
if guard == 'owner' and stored[1] ~= value then return refuse('moved') end
if guard == 'window_end' and (stored[2] ~= 'waiting' or tonumber(stored[3] or 0) > tonumber(value)) then return 0 end

local member = redis.call('HGET', members, id)
local published = find_where(streams, function(stream) return stream.owner == id end)
local ended = find_where(subscriptions, function(subscription)
  return subscription.owner == id or subscription.subscriber == id
end)

redis.call('DEL', session, replies)
local function append(text)
  append_entry(room, log, feed, text)
end
if body ~= '' then append(body) end
redis.call('SET', KEYS[9], '', 'PX', LOG_MS) -- so that no node restores the session as lost
redis.call('HDEL', members, id)
if member and redis.call('HGET', room, 'quiet') ~= '1' then
  append('"event":"participant","data":{"action":"leave","member":' .. member .. '}}')
end
remove_found(streams, published)
for _, pair in ipairs(published) do
  if redis.call('HGET', room, 'quietStreams') ~= '1' then
    append('"event":"stream","data":{"id":"' .. pair[1] .. '","status":"remove"}}')
  end
end
remove_found(subscriptions, ended)
for _, pair in ipairs(ended) do
  local other = pair[2].owner == id and pair[2].subscriber or pair[2].owner
  if other ~= id then append(subscription_removed(pair[1], tostring(other))) end
end
if redis.call('HLEN', members) == 0 then
  redis.call('UNLINK', streams, subscriptions)
  expire_room(room, log)
end
return 1
