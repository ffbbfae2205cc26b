-- A node vouches for a participant whose connection it has, where the newest writes of the room may be lost: the place is
-- as the node knows it, unless another has taken it since, or the participant has left. A room that is gone is made anew.
-- KEYS room members session log feed token left
-- ARGV owner id member changes (of its permission) tickets previous proven token-id token-seconds joined cursor rid
--   reconnects reached (the last seq that the node handed on) body
-- Returns 1, or 0 if it has moved or left.
local room, members, session, log, feed, token, left = unpack(KEYS)
local owner, id, member, changes, issued, previous, proven, token_id, seconds, joined, cursor, rid = unpack(ARGV)
local reconnects, reached, body = ARGV[13], tonumber(ARGV[14]), ARGV[15]

if redis.call('EXISTS', left) == 1 then return 0 end
local place = redis.call('HMGET', session, 'owner', 'cursor', 'rid', 'ticket', 'previous')
if place[1] and place[1] ~= owner and generation_of(place[1]) >= generation_of(owner) then return 0 end

local known = redis.call('HGET', members, id)
local record = known and readable(known)
local newer = not record or (tonumber(record.changes) or 0) <= tonumber(changes)

if redis.call('HEXISTS', room, 'seq') == 0 then redis.call('DEL', log) end
abreast(room, log, feed)
if tonumber(redis.call('HGET', room, 'seq') or 0) < reached then leap(room, log, feed, reached) end
local generation = math.max(tonumber(redis.call('HGET', room, 'generation') or 0), generation_of(owner))
redis.call('HSET', room, 'generation', string.format('%.0f', generation))
if place[1] == owner and previous ~= '' and previous == place[5] and is_issued(place[4], newest(issued)) then
  issued = place[4] -- nothing was lost of these: the node may not know of all that were issued on others
end
redis.call('SET', token, proven == '1' and 'used' or id, 'EX', seconds)
redis.call('HSET', session, 'owner', owner, 'state', 'connected', 'ticket', issued, 'previous', previous, 'proven', proven,
  'token', token_id, 'reconnects', reconnects, 'vouched', string.format('%.0f', generation),
  'cursor', math.max(tonumber(place[2] or 0), tonumber(cursor)), 'rid', math.max(tonumber(place[3] or 0), tonumber(rid)))
redis.call('PERSIST', room)
redis.call('PERSIST', log)
if not place[1] then redis.call('HSET', session, 'joined', joined, 'doubt', 0) end

if newer then redis.call('HSET', members, id, member) end
if not known and redis.call('HGET', room, 'quiet') ~= '1' then say(room, log, feed, body) end
return 1
