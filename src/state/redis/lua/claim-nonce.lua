-- Claims a nonce, and returns since when this server remembers nonces.
-- KEYS nonce (string), memory (hash: `server`, `at`, `id`)
-- ARGV seconds (how long the nonce is stored), memory-id (the `id` that the node was given last, or empty)
-- Returns { 1 for the first claim, or 0; since when, ms on this server's clock; the id of this memory }. Since when is 0, for
-- always, until the server finds out that it lost its newest writes, or everything since the node asked before.
local nonce, memory = unpack(KEYS)
local seconds, memory_id = unpack(ARGV)

local stored = redis.call('HMGET', memory, 'server', 'at', 'id')
local at, id = tonumber(stored[2] or 0), stored[3] or string.format('%.0f', now())
local has_all, changed = compare_lineage(stored[1])
local lost = stored[1] and not has_all
if memory_id ~= '' and memory_id ~= id and at == 0 then lost = true end
if lost then at = now() end
if lost or changed then redis.call('HSET', memory, 'server', changed or stored[1], 'at', at, 'id', id) end
local first = redis.call('SET', nonce, '', 'EX', seconds, 'NX')
return { first and 1 or 0, at, id }
