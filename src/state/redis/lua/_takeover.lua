-- Part `takeover`: a session gets a new owner.

-- Returns whether the log has the entry after `seq`, and the number of that entry if it is the leap after `seq`: the client
-- then has everything that the server before could give, and nothing is missing after the leap.
local function continues_after(log, seq)
  local entry = redis.call('XRANGE', log, string.format('%.0f-0', seq + 1), '+', 'COUNT', 1)[1]
  if not entry then return false end
  local number = tonumber(string.match(entry[1], '^%d+'))
  local after = string.match(entry[2][2], '^{"seq":%d+,"at":%d+,"event":"leap","data":{"after":(%d+)}}$')
  return number == seq + 1 or tonumber(after) == seq, after and number
end

-- Gives a participant's session to a new owner. Delivery continues after `seen`, or after what the client has confirmed.
-- keys: room members session log streams feed; seen: text of an integer, '' if the client does not know.
-- Returns { owner, member (JSON), deliver-after (seq), in-doubt-up-to (seq), complete (1 or 0), owner before, was connected
-- (1 or 0), rid, token id, members (JSON...), streams (JSON...) }. The last two only if the log has trimmed entries that the
-- client missed.
local function take_over(keys, id, node, seen, ticket, previous)
  local room, members, session, log, streams, feed = unpack(keys)
  ensure_lineage(room, log, feed)
  local stored = redis.call('HMGET', session, 'owner', 'state', 'joined', 'cursor', 'doubt', 'rid', 'token')
  local top = tonumber(redis.call('HGET', room, 'seq') or 0)
  local wanted = math.min(math.max(tonumber(stored[3]), tonumber(seen) or tonumber(stored[4])), top)
  local complete, leapt = wanted == top, nil
  if not complete then complete, leapt = continues_after(log, wanted) end
  local deliver_after = complete and wanted or leapt or top
  local was_connected = stored[2] == 'connected' and 1 or 0
  local in_doubt_up_to = seen ~= '' and 0 or (was_connected == 1 and top or tonumber(stored[5]))

  local owner = node .. ':' .. next_generation(room, 0)
  redis.call('HSET', session, 'owner', owner, 'state', 'connected', 'ticket', ticket, 'previous', previous,
    'proven', '1', 'cursor', deliver_after, 'doubt', in_doubt_up_to)
  local reply = { owner, redis.call('HGET', members, id), deliver_after, in_doubt_up_to, complete and 1 or 0, stored[1],
    was_connected, tonumber(stored[6] or 0), stored[7] }
  if not complete then
    reply[10] = redis.call('HVALS', members)
    reply[11] = redis.call('HVALS', streams)
  end
  return reply
end
