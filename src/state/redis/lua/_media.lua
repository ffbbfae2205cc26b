-- Part `media`: streams and subscriptions, hashes of JSON by id.

-- Returns { { id, object }... }: the objects of a hash that pass. It only reads, because a script must find everything that it
-- needs before its first write: an error after that would leave half of the change. Objects that cannot be decoded never pass.
local function find_where(hash, passes)
  local found = {}
  local all = redis.call('HGETALL', hash)
  for index = 1, #all, 2 do
    local object = readable(all[index + 1])
    if object and passes(object) then found[#found + 1] = { all[index], object } end
  end
  return found
end

-- Removes from a hash the objects that `find_where` found.
local function remove_found(hash, found)
  for _, pair in ipairs(found) do redis.call('HDEL', hash, pair[1]) end
end

-- Returns true if a decoded JSON array of strings has the string.
local function contains(list, text)
  if type(list) ~= 'table' then return false end
  for _, item in ipairs(list) do
    if item == text then return true end
  end
  return false
end

-- Returns the body of the entry that reports the end of a subscription. to: the id of the participant who receives it.
local function subscription_removed(id, to)
  return '"event":"subscription","data":{"action":"remove","id":"' .. id .. '"},"to":"' .. to .. '"}'
end
