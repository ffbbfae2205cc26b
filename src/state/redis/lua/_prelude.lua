-- Put in front of every script, after the settings LOG_MS, LOG_MAX, WINDOW_MS, LEASE_MS, REQUEST_MS.

-- Ends a script with a refusal that scripts.ts reads.
local function refuse(code, detail)
  return redis.error_reply('SB ' .. code .. ' ' .. (detail or ''))
end

local time_read

-- Milliseconds on this server's clock, the same throughout a script.
local function now()
  if not time_read then
    local time = redis.call('TIME')
    time_read = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return time_read
end

-- Redis refuses the first write of a script while its memory is full, but no write after it. This write needs no memory and
-- changes nothing, because no key expires before now. It is for scripts that mostly read: with `allowOom` in scripts.ts Redis
-- would refuse their reads too while it takes no writes at all (NOREPLICAS, MISCONF).
local function write_despite_full_memory(key)
  redis.pcall('PEXPIRE', key, 0, 'GT')
end

-- The windows' clock, ms: this server's clock minus every step back and every gap of more than max(LEASE_MS, 5000) since the
-- last call. During such a gap no node reached Redis, so no client could resume. `behind` is the sum that is subtracted; it
-- is reset when `waiting` is empty.
local function steady(clock, waiting)
  local kept = redis.call('HMGET', clock, 'last', 'behind')
  local last, behind = tonumber(kept[1]), tonumber(kept[2] or 0)
  local elapsed = last and now() - last or 0
  local after = (elapsed < 0 or elapsed > math.max(LEASE_MS, 5000)) and behind + elapsed or behind
  if redis.call('ZCARD', waiting) == 0 then after = 0 end
  write_despite_full_memory(clock)
  local noted = redis.pcall('HSET', clock, 'last', string.format('%.0f', now()), 'behind', string.format('%.0f', after))
  if type(noted) == 'table' then return now() - behind end -- Redis takes no writes: the reaper reads all the same
  return now() - after
end

-- Removes entries older than LOG_MS. A room keeps up to 18 marks `time:seq`, newest first, at least LOG_MS/12 apart. A 19th
-- removes the entries up to its `seq`: 12 of the 18 intervals make LOG_MS, and a clock step can falsify one each, so 6 steps
-- are harmless. The dates of entries are not used, because older nodes wrote the time of their own clock.
local function trim(room, log, seq)
  local marks = redis.call('HGET', room, 'marks') or ''
  local newest = tonumber(string.match(marks, '^%d+'))
  if newest and math.abs(now() - newest) < LOG_MS / 12 then return end
  marks = string.format('%.0f:%.0f ', now(), seq) .. marks
  local _, count = string.gsub(marks, ':', '')
  if count > 18 then
    local younger, covered = string.match(marks, '^(.* )%d+:(%d+) $')
    redis.call('XTRIM', log, 'MINID', string.format('%.0f-0', covered + 1))
    marks = younger
  end
  redis.call('HSET', room, 'marks', marks)
end

-- Where numbers go on when the newest ones may be lost: far above all that can have been given out, so that no number and
-- no generation is given twice. An entry says so and names the last one that is known, so that who is level with that does
-- not take the leap for a hole. `reached`: a number that somebody was handed.
local function leap(room, log, feed, reached)
  local kept = redis.call('HMGET', room, 'seq', 'generation')
  local seq, at = tonumber(kept[1] or 0), now()
  local far = math.max(math.max(seq, reached, tonumber(kept[2] or 0)) + 1000000, at)
  local entry = string.format('{"seq":%.0f,"at":%.0f,"event":"leap","data":{"after":%.0f}}', far, at, seq)
  write_despite_full_memory(room)
  redis.call('HSET', room, 'seq', far, 'generation', far)
  redis.call('XADD', log, 'MAXLEN', '~', LOG_MAX, string.format('%.0f-0', far), 'e', entry)
  redis.call('SPUBLISH', feed, entry)
end

-- Whether this server has all that the noted one had; and what is to be noted instead, if that has changed. A server that
-- took over in a failover, or was started anew, may lack the newest writes: it has another history. INFO names it, but
-- would be a fifth of the cost of a message; so the address of a table of this process' Lua is looked at first, which is
-- the same as long as the process runs (until SCRIPT FLUSH: then the history decides).
local function lineage(noted)
  local process = tostring(redis)
  if noted and string.find(noted, process, 1, true) then return true end
  local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or process
  return noted and string.find(noted, history, 1, true) ~= nil, process .. ' ' .. history
end

local abreast_already

-- To be called before anything in a room is numbered: the newest entries and seats of the room may be lost.
local function abreast(room, log, feed)
  if abreast_already then return end
  abreast_already = true
  local server = redis.call('HGET', room, 'server')
  local known, changed = lineage(server)
  if not changed then return end
  write_despite_full_memory(room)
  redis.call('HSET', room, 'server', changed)
  if server and not known then leap(room, log, feed, 0) end
end

-- Gives an entry the room's next number and the time, keeps it and tells it. `body` is the rest of its JSON, without the
-- opening brace. Returns the number.
local function say(room, log, feed, body)
  abreast(room, log, feed)
  local seq = redis.call('HINCRBY', room, 'seq', 1)
  local entry = string.format('{"seq":%.0f,"at":%.0f,', seq, now()) .. body
  redis.call('XADD', log, 'MAXLEN', '~', LOG_MAX, seq .. '-0', 'e', entry)
  redis.call('SPUBLISH', feed, entry)
  if seq % 16 == 0 then trim(room, log, seq) end
  return seq
end

-- The highest `rid` of the participant that was done, the highest that `replies` has forgotten, its last op, and up to where its
-- client is known to have everything.
local last_rid, forgotten_rid, last_op, known_cursor

-- Starts a write by a participant. Returns a reply to end with at once: it has moved, this write was done before, or
-- its request was (or may have been, too long ago to tell). A smaller `rid` that is not known was refused at its time.
-- A copy of the write before may arrive after the last one, from a connection that was given up.
local function begin(session, replies, owner, op, rid, cursor)
  local place = redis.call('HMGET', session, 'owner', 'op', 'result', 'rid', 'forgotten', 'before', 'cursor')
  if place[1] ~= owner then return refuse('moved') end
  if place[2] == op then return place[3] end
  if place[6] == op then return refuse('unavailable') end
  last_op = place[2] or ''
  known_cursor = math.max(tonumber(place[7] or 0), tonumber(cursor) or 0)
  last_rid, forgotten_rid = tonumber(place[4] or 0), tonumber(place[5] or 0)
  if rid == '' or tonumber(rid) > last_rid then return end
  for _, known in ipairs(redis.call('LRANGE', replies, 0, -1)) do
    if string.match(known, '^%d+') == rid then return refuse('repeated') end
  end
  if tonumber(rid) <= forgotten_rid then return refuse('repeated') end
end

-- Ends a write: notes the cursor that came with it, its result for a repetition of the command, and the ack for a repetition of the request.
local function finish(session, replies, op, result, rid, reply)
  if rid == '' then
    redis.call('HSET', session, 'op', op, 'result', result, 'before', last_op, 'cursor', known_cursor)
  else
    local newest = math.max(last_rid, tonumber(rid))
    redis.call('HSET', session, 'op', op, 'result', result, 'before', last_op, 'cursor', known_cursor, 'rid', newest)
    local known = redis.call('RPUSH', replies, rid .. ' ' .. reply)
    -- The first is forgotten. One that overtook others is put back: of 129 one is at least 128 behind the newest.
    for _ = 1, known > 128 and known or 0 do
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

-- The tickets of a client that are good, as in core/session/issued-tickets.ts: `issued`, ids separated by spaces, oldest first, and
-- `previous`, for which they were issued, while none of them is known to have arrived ('' otherwise).

local function newest(issued)
  return string.match(issued, '%S*$')
end

local function is_issued(issued, ticket)
  return string.find(' ' .. issued .. ' ', ' ' .. ticket .. ' ', 1, true)
end

-- `issued` and `previous` after the client is known to have a ticket: those before it are spent, those since stay good.
local function with_confirmed(issued, previous, ticket)
  local _, last = is_issued(issued, ticket)
  if not last then return issued, previous end
  local since = string.sub(issued, last)
  if since == '' then return ticket, '' end
  return since, ticket
end

-- `issued` and `previous` after a ticket was used; nil if it was not good. The use of `previous` says that an ack was
-- lost, but not which: every ticket issued for it stays good until one of them is used.
local function with_used(issued, previous, used, next)
  if used == previous then
    if is_issued(issued, next) then return issued, previous end
    if #issued > 250 then issued = string.gsub(issued, '^%S+ ', '') end
    return issued .. ' ' .. next, previous
  elseif is_issued(issued, used) then
    return next, used
  end
end

-- Which one an owner is, of all that the room has had: of two that claim a place, the higher came later.
local function generation_of(owner)
  return tonumber(string.match(owner, '%d+$'))
end

-- Whether the log has what comes next after a number. If not, and that is because the number was given by a server that is
-- no more: also where that one's successor began, behind which nothing is missing.
local function follows(log, seq)
  local next = redis.call('XRANGE', log, string.format('%.0f-0', seq + 1), '+', 'COUNT', 1)[1]
  if not next then return false end
  local number = tonumber(string.match(next[1], '^%d+'))
  local after = string.match(next[2][2], '^{"seq":%d+,"at":%d+,"event":"leap","data":{"after":(%d+)}}$')
  return number == seq + 1 or tonumber(after) == seq, after and number
end

-- Numbers the next owner of a place in a room: above all that the room has given, and not below this server's clock (ms) or
-- `floor` (the latest time that a node has read from the store). So a room that expired and is made anew gives none twice.
-- Returns it as text.
local function next_generation(room, floor)
  local last = tonumber(redis.call('HGET', room, 'generation') or 0)
  local generation = string.format('%.0f', math.max(last + 1, now(), floor))
  redis.call('HSET', room, 'generation', generation)
  return generation
end

-- Nobody is in a room that is not configured: it expires with its log, but not before this server's clock has passed its
-- last generation, which leaps push ahead of the clock.
local function expire_room(room, log)
  redis.call('PEXPIRE', log, LOG_MS)
  if redis.call('HEXISTS', room, 'options') == 1 then return end
  local ahead = tonumber(redis.call('HGET', room, 'generation') or 0) - now()
  redis.call('PEXPIRE', room, string.format('%.0f', LOG_MS + math.max(0, ahead)))
end

-- Gives a participant's place to a new owner, who goes on after `seen`, or after what the last one was handed.
-- Returns { owner, member, from, doubt, complete, owner before, 1 if that was connected, rid, token, members, streams };
-- the last two only when the log does not reach back to `from`.
local function reseat(keys, id, node, seen, ticket, previous)
  local room, members, session, log, streams, feed = unpack(keys)
  abreast(room, log, feed)
  local place = redis.call('HMGET', session, 'owner', 'state', 'joined', 'cursor', 'doubt', 'rid', 'token')
  local top = tonumber(redis.call('HGET', room, 'seq') or 0)
  local wanted = math.min(math.max(tonumber(place[3]), tonumber(seen) or tonumber(place[4])), top)
  local complete, leapt = wanted == top, nil
  if not complete then complete, leapt = follows(log, wanted) end
  local from = complete and wanted or leapt or top
  local standing = place[2] == 'connected' and 1 or 0
  local doubt = seen ~= '' and 0 or (standing == 1 and top or tonumber(place[5]))

  local owner = node .. ':' .. next_generation(room, 0)
  redis.call('HSET', session, 'owner', owner, 'state', 'connected', 'ticket', ticket, 'previous', previous,
    'proven', '1', 'cursor', from, 'doubt', doubt)
  local reply = { owner, redis.call('HGET', members, id), from, doubt, complete and 1 or 0, place[1], standing,
    tonumber(place[6] or 0), place[7] }
  if not complete then
    reply[10] = redis.call('HVALS', members)
    reply[11] = redis.call('HVALS', streams)
  end
  return reply
end

-- A JSON object, or nil: cjson cannot read half of a surrogate pair, and older nodes wrote such records.
local function readable(text)
  local read, value = pcall(cjson.decode, text)
  if read and type(value) == 'table' then return value end
end

-- The objects of a hash of JSON that pass, as { field, object }. Reads only: a script that changes something finds out all
-- that it needs before its first write, because an error after that would leave half of the change. Unreadable ones never
-- pass.
local function matching(hash, passes)
  local found = {}
  local all = redis.call('HGETALL', hash)
  for index = 1, #all, 2 do
    local object = readable(all[index + 1])
    if object and passes(object) then found[#found + 1] = { all[index], object } end
  end
  return found
end

-- Removes what `matching` found.
local function remove(hash, found)
  for _, pair in ipairs(found) do redis.call('HDEL', hash, pair[1]) end
end

-- True if a JSON array of strings, decoded, has the string.
local function contains(list, text)
  if type(list) ~= 'table' then return false end
  for _, item in ipairs(list) do
    if item == text then return true end
  end
  return false
end

-- The body of a directed entry that tells of a subscription's end.
local function subscription_removed(id, to)
  return '"event":"subscription","data":{"action":"remove","id":"' .. id .. '"},"to":"' .. to .. '"}'
end
