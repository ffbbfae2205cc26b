-- Part `generation`: fencing tokens. An owner is `node:generation`; of two owners of a session the higher generation is later.

-- Returns the generation of an owner, a number.
local function generation_of(owner)
  return tonumber(string.match(owner, '%d+$'))
end

-- Returns the generation for the next owner in a room, as text: above every one that the room has given, and not below this
-- server's clock (ms) or `floor` (the latest time that a node has read from the store). So a room that expired and is made anew
-- gives none twice.
local function next_generation(room, floor)
  local last = tonumber(redis.call('HGET', room, 'generation') or 0)
  local generation = string.format('%.0f', math.max(last + 1, now(), floor))
  redis.call('HSET', room, 'generation', generation)
  return generation
end
