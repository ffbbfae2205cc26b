-- Notes that something was used that may be used once, and since when this server remembers such things: 0 for always, until
-- it turns out that it has lost its newest writes, or all that it had when the asking node asked before.
-- KEYS mark remembers
-- ARGV seconds memory (the `id` that the node was told last, or empty)
-- Returns { 1 the first time, or 0; since when, ms on this server's clock; the id of this memory }.
local mark, remembers = unpack(KEYS)
local seconds, memory = unpack(ARGV)

local kept = redis.call('HMGET', remembers, 'server', 'at', 'id')
local at, id = tonumber(kept[2] or 0), kept[3] or string.format('%.0f', now())
local known, changed = lineage(kept[1])
local lost = kept[1] and not known
if memory ~= '' and memory ~= id and at == 0 then lost = true end
if lost then at = now() end
if lost or changed then redis.call('HSET', remembers, 'server', changed or kept[1], 'at', at, 'id', id) end
local first = redis.call('SET', mark, '', 'EX', seconds, 'NX')
return { first and 1 or 0, at, id }
