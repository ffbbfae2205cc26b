-- Part `once`, of the scripts that are not idempotent (`remembered` in script-table.ts); the reply of such a script goes through
-- `remember`. A node sends a script again when its connection breaks before the answer, and Redis may receive both copies, in
-- either order. The second copy changes nothing and gets the answer of the first. A refusal is not stored, because it changed
-- nothing.
-- KEYS ... done (the last one: string)
-- ARGV ... op (the last one: the same in every copy)
local done = table.remove(KEYS)
local op = table.remove(ARGV)
local answer = redis.call('GET', done)
if answer then return cjson.decode(answer) end

-- A node writes copies for 4.5 s (`commandTimeoutMs`), but Redis may execute one after a longer freeze. Scripts with a deadline
-- refuse a copy that comes later than that. `heartbeat` has no deadline: a late copy extends the lease of a node, which may be
-- dead, once more. After a failover that lost the key, a copy is not recognised.
local REMEMBERED_MS = 60000

-- Stores a reply for later copies, and returns it. If the memory of Redis is full and this is the script's first write, Redis
-- refuses it. A script that wrote nothing needs no stored answer.
local function remember(reply)
  if type(reply) ~= 'table' or not reply.err then redis.pcall('SET', done, cjson.encode(reply), 'PX', REMEMBERED_MS) end
  return reply
end
