-- Restores a session whose connection a node has, where the room's newest writes may be lost. The session becomes as the node
-- knows it, unless it has an owner of a higher generation or the participant has left. A room that is gone is made anew.
-- KEYS room members session log feed token left
-- ARGV owner, id, member (JSON), changes (of its permission), tickets (ids), previous, ticket-confirmed (1 or 0), token-id, token-seconds,
--   joined (seq), confirmed (seq), rid, reconnects (1 or 0), feed-position (of the node), body
-- Returns 1, or 0 if the session has another owner or has ended.
local room, members, session, log, feed, token, left = unpack(KEYS)
local owner, id, member, changes, issued, previous, ticket_confirmed, token_id, seconds, joined, confirmed, rid = unpack(ARGV)
local reconnects, feed_position, body = ARGV[13], tonumber(ARGV[14]), ARGV[15]

if redis.call('EXISTS', left) == 1 then return 0 end
local stored = redis.call('HMGET', session, 'owner', 'cursor', 'rid', 'ticket', 'previous')
if stored[1] and stored[1] ~= owner and generation_of(stored[1]) >= generation_of(owner) then return 0 end

local known = redis.call('HGET', members, id)
local record = known and readable(known)
local newer = not record or (tonumber(record.changes) or 0) <= tonumber(changes)

if redis.call('HEXISTS', room, 'seq') == 0 then redis.call('DEL', log) end
ensure_lineage(room, log, feed)
if tonumber(redis.call('HGET', room, 'seq') or 0) < feed_position then leap(room, log, feed, feed_position) end
local generation = math.max(tonumber(redis.call('HGET', room, 'generation') or 0), generation_of(owner))
redis.call('HSET', room, 'generation', string.format('%.0f', generation))
if stored[1] == owner and previous ~= '' and previous == stored[5] and is_issued(stored[4], newest_ticket(issued)) then
  issued = stored[4] -- none of these was lost, and the node may not know those that other nodes issued
end
redis.call('SET', token, ticket_confirmed == '1' and 'used' or id, 'EX', seconds)
redis.call('HSET', session, 'owner', owner, 'state', 'connected', 'ticket', issued, 'previous', previous,
  'proven', ticket_confirmed, 'token', token_id, 'reconnects', reconnects, 'vouched', string.format('%.0f', generation),
  'cursor', math.max(tonumber(stored[2] or 0), tonumber(confirmed)), 'rid', math.max(tonumber(stored[3] or 0), tonumber(rid)))
redis.call('PERSIST', room)
redis.call('PERSIST', log)
if not stored[1] then redis.call('HSET', session, 'joined', joined, 'doubt', 0) end

if newer then redis.call('HSET', members, id, member) end
if not known and redis.call('HGET', room, 'quiet') ~= '1' then append_entry(room, log, feed, body) end
return 1
