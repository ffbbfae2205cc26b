-- Part `write`: a write by a participant, fenced by its owner and idempotent by its op and its `rid`.

-- What `begin_write` read: the highest `rid` that was performed, the highest `rid` whose reply was deleted, the last op, and the
-- seq up to which the client has received everything.
local last_rid, forgotten_rid, last_op, known_confirmed

-- Starts a write. Returns nil, or a reply with which the script must end at once. The reply is the stored result if this op was
-- performed, or a refusal:
--   moved        the session has another owner
--   unavailable  this op is the one before the last, a late copy from a connection that was given up
--   repeated     the request with this `rid` was performed, or may have been performed too long ago to tell
-- A smaller `rid` that is not stored was refused when it came.
-- session: hash; replies: list of `rid reply`; rid and confirmed: text of an integer, '' for none.
local function begin_write(session, replies, owner, op, rid, confirmed)
  local stored = redis.call('HMGET', session, 'owner', 'op', 'result', 'rid', 'forgotten', 'before', 'cursor')
  if stored[1] ~= owner then return refuse('moved') end
  if stored[2] == op then return stored[3] end
  if stored[6] == op then return refuse('unavailable') end
  last_op = stored[2] or ''
  known_confirmed = math.max(tonumber(stored[7] or 0), tonumber(confirmed) or 0)
  last_rid, forgotten_rid = tonumber(stored[4] or 0), tonumber(stored[5] or 0)
  if rid == '' or tonumber(rid) > last_rid then return end
  for _, known in ipairs(redis.call('LRANGE', replies, 0, -1)) do
    if string.match(known, '^%d+') == rid then return refuse('repeated') end
  end
  if tonumber(rid) <= forgotten_rid then return refuse('repeated') end
end

-- Ends a write: stores `confirmed` that came with it, its result for a second execution of the command, and the reply for a
-- repetition of the request. Returns the result.
local function finish_write(session, replies, op, result, rid, reply)
  if rid == '' then
    redis.call('HSET', session, 'op', op, 'result', result, 'before', last_op, 'cursor', known_confirmed)
  else
    local newest = math.max(last_rid, tonumber(rid))
    redis.call('HSET', session, 'op', op, 'result', result, 'before', last_op, 'cursor', known_confirmed, 'rid', newest)
    local count = redis.call('RPUSH', replies, rid .. ' ' .. reply)
    -- Drops the oldest of 129 replies. Its `rid` is at most the newest minus 128, because 129 `rid`s differ. A reply whose request
    -- overtook others goes back to the end.
    for _ = 1, count > 128 and count or 0 do
      local first = redis.call('LPOP', replies)
      local first_rid = tonumber(string.match(first, '^%d+'))
      if first_rid <= newest - 128 then
        redis.call('HSET', session, 'forgotten', math.max(forgotten_rid, first_rid))
        break
      end
      redis.call('RPUSH', replies, first)
    end
  end
  return result
end
