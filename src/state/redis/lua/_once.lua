-- Put in front of the scripts that change something when they are executed twice, after _prelude; `remember` ends them. A node
-- sends a script again when its connection broke before the answer, and Redis may receive both copies, in either order.
-- KEYS ... done (the last one)
-- ARGV ... op (the last one: the same in every copy)
-- The second copy changes nothing and gets the answer of the first. A refusal is not remembered, because it changed nothing.
local done = table.remove(KEYS)
local op = table.remove(ARGV)
local answer = redis.call('GET', done)
if answer then return cjson.decode(answer) end

-- Longer than a copy can be under way to a server that stands still and answers later.
local REMEMBERED_MS = 60000

local function remember(reply)
  if type(reply) ~= 'table' or not reply.err then redis.call('SET', done, cjson.encode(reply), 'PX', REMEMBERED_MS) end
  return reply
end
