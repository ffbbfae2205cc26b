-- Puts a participant into a room with its owner and tickets, marks its login token with its id and appends the join. The same token
-- again, before the client is known to have received the ack, returns the same participant and appends nothing.
-- KEYS room members session log feed token streams closed left
-- ARGV id, node, member (JSON), ticket, reconnects (1 or 0), token-id, token-seconds, token-made (ms), limit (participants, 0:
--   none), feed-position (of the node), body, floor (of the generation)
-- Returns { owner, seq, owner before if it was connected, members (JSON...), streams (JSON...), last rid }.
-- Refuses: token_expired (the room was closed after the token was made), token_used (detail: the participant to try again as, if
-- it may try again), room_full, superseded (by a later login with the same token).
local room, members, session, log, feed, token, streams, closed, left = unpack(KEYS)
local id, node, member, ticket, reconnects, token_id, token_seconds, made, limit, feed_position, body, floor = unpack(ARGV)

local closed_at = redis.call('GET', closed)
if closed_at and made ~= '' and tonumber(made) <= tonumber(closed_at) then return refuse('token_expired') end

local holder = redis.call('GET', token)
if holder == 'used' then return refuse('token_used') end
if holder and holder ~= id then return refuse('token_used', holder) end
local before = redis.call('HMGET', session, 'owner', 'state', 'proven', 'rid')
if before[3] == '1' then return refuse('token_used') end
if before[1] and superseded(session) then return refuse('superseded') end

local present = redis.call('HLEN', members)
if not before[1] then
  local own_limit = tonumber(redis.call('HGET', room, 'participantLimit') or -1)
  if own_limit > 0 and present >= own_limit then return refuse('room_full') end
  if tonumber(limit) > 0 and present >= tonumber(limit) then return refuse('room_full') end
end
-- the first write: Redis refuses it when the memory is full, and no write that follows one
redis.call('SET', token, id, 'EX', token_seconds)
redis.call('DEL', left)
if present == 0 then
  if redis.call('HEXISTS', room, 'seq') == 0 then redis.call('DEL', log) end
  redis.call('PERSIST', room)
  redis.call('PERSIST', log)
end
ensure_lineage(room, log, feed)
if tonumber(redis.call('HGET', room, 'seq') or 0) < tonumber(feed_position) then leap(room, log, feed, tonumber(feed_position)) end
redis.call('HSET', members, id, member)
if not before[1] and redis.call('HGET', room, 'quiet') ~= '1' then append_entry(room, log, feed, body) end

local owner = node .. ':' .. next_generation(room, tonumber(floor))
local seq = tonumber(redis.call('HGET', room, 'seq') or 0)
redis.call('HSET', session, 'owner', owner, 'state', 'connected', 'ticket', ticket, 'previous', '', 'proven', '0',
  'token', token_id, 'joined', seq, 'cursor', seq, 'doubt', 0, 'reconnects', reconnects)
record_takeover(session)
local connected_owner = before[2] == 'connected' and before[1] or ''
return { owner, seq, connected_owner, redis.call('HVALS', members), redis.call('HVALS', streams), tonumber(before[4] or 0) }
