-- Adds, changes or removes an object of a hash (streams or subscriptions) for its participant, and appends entries.
-- KEYS room session log feed replies hash
-- ARGV owner, op, rid, reply, confirmed (seq), verb, field, value (JSON), expected (JSON), limit (a field of the room), refusal (a
--   code), body...
--   add: stores value if the field is free (else refuses with `refusal`) and the room's `limit` allows one more
--   change: replaces exactly `expected` by value;  remove: removes the field (else refuses with `refusal`)
-- Returns 1, or 0 if a change did not find what it expected.
-- Refuses: moved, unavailable, repeated, too_many_inputs, `refusal`, bad_request (a value that `find_where` could not decode).
local room, session, log, feed, replies, hash = unpack(KEYS)
local owner, op, rid, reply, confirmed, verb, field, value, expected, limit, refusal = unpack(ARGV)

local done = begin_write(session, replies, owner, op, rid, confirmed)
if done then return done end
if value ~= '' and not readable(value) then return refuse('bad_request') end
if verb == 'add' then
  local allowed = limit ~= '' and tonumber(redis.call('HGET', room, limit) or -1) or -1
  if allowed >= 0 and redis.call('HLEN', hash) >= allowed then return refuse('too_many_inputs') end
  if redis.call('HSETNX', hash, field, value) == 0 then return refuse(refusal) end
elseif verb == 'change' then
  if redis.call('HGET', hash, field) ~= expected then return 0 end
  redis.call('HSET', hash, field, value)
elseif redis.call('HDEL', hash, field) == 0 then
  return refuse(refusal)
end
for index = 12, #ARGV do append_entry(room, log, feed, ARGV[index]) end
return finish_write(session, replies, op, 1, rid, reply)
