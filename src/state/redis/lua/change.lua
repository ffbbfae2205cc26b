-- Adds, changes or removes one object of a hash (streams or subscriptions) for its participant, and tells of it.
-- KEYS room session log feed replies hash
-- ARGV owner op rid reply cursor verb field value expected limit refusal body...
--   add: value is stored if the field is free (else `refusal`) and the room's `limit` field allows one more
--   change: value replaces exactly `expected`;  remove: the field goes (else `refusal`)
-- Returns 1, or 0 for a change of something that is not as expected.
-- Refuses: moved, repeated, too_many_inputs, `refusal`, bad_request (a value that `take` could not read).
local room, session, log, feed, replies, hash = unpack(KEYS)
local owner, op, rid, reply, cursor, verb, field, value, expected, limit, refusal = unpack(ARGV)

local over = begin(session, replies, owner, op, rid, cursor)
if over then return over end
if value ~= '' and not readable(value) then return refuse('bad_request') end
if verb == 'add' then
  local most = limit ~= '' and tonumber(redis.call('HGET', room, limit) or -1) or -1
  if most >= 0 and redis.call('HLEN', hash) >= most then return refuse('too_many_inputs') end
  if redis.call('HSETNX', hash, field, value) == 0 then return refuse(refusal) end
elseif verb == 'change' then
  if redis.call('HGET', hash, field) ~= expected then return 0 end
  redis.call('HSET', hash, field, value)
elseif redis.call('HDEL', hash, field) == 0 then
  return refuse(refusal)
end
for index = 12, #ARGV do say(room, log, feed, ARGV[index]) end
return finish(session, replies, op, 1, rid, reply)
