-- Gives a participant's place to a new owner, for a ticket that is spent by it.
-- KEYS room members session log streams
-- ARGV id node ticket next-ticket seq (empty: the client cannot say what it saw)
-- Returns { owner, member, from, doubt, complete, owner before, 1 if that was connected, rid, token, members, streams };
-- the last two only when the log does not reach back to `from`.
-- Refuses: participant_gone, reconnection_disabled, ticket_spent.
local room, members, session, log, streams = unpack(KEYS)
local id, node, ticket, next_ticket, seen = unpack(ARGV)

local place = redis.call('HMGET', session, 'owner', 'state', 'ticket', 'previous', 'reconnects',
  'joined', 'cursor', 'doubt', 'rid', 'token')
local before, state = place[1], place[2]
if not before then return refuse('participant_gone') end
if place[5] == '0' then return refuse('reconnection_disabled') end
local issued, previous = tickets_after(place[3], place[4], ticket, next_ticket)
if not issued then return refuse('ticket_spent') end

local top = tonumber(redis.call('HGET', room, 'seq') or 0)
local wanted = math.min(math.max(tonumber(place[6]), tonumber(seen) or tonumber(place[7])), top)
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
local complete = wanted == top or (oldest and tonumber(string.match(oldest[1], '^%d+')) <= wanted + 1)
local from = complete and wanted or top
local standing = state == 'connected' and 1 or 0
local doubt = seen ~= '' and 0 or (standing == 1 and top or tonumber(place[8]))

local owner = node .. ':' .. redis.call('HINCRBY', room, 'generation', 1)
redis.call('HSET', session, 'owner', owner, 'state', 'connected', 'ticket', issued, 'previous', previous,
  'proven', '1', 'cursor', from)
local reply = { owner, redis.call('HGET', members, id), from, doubt, complete and 1 or 0, before, standing,
  tonumber(place[9] or 0), place[10] }
if not complete then
  reply[10] = redis.call('HVALS', members)
  reply[11] = redis.call('HVALS', streams)
end
return reply
