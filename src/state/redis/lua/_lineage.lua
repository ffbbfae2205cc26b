-- Part `lineage`: whether this server has everything that an earlier one had, and the leap of a room if not.

-- Lets a room's `seq` and `generation` continue far above every number that can have been given, because the newest ones may
-- be lost: so no number and no generation is given twice. Appends an entry `leap`. Its `after` is the last number that this
-- server knows, so a client that has everything up to it does not take the leap for a gap.
-- feed_position: the last seq that a node has delivered, 0 if unknown.
local function leap(room, log, feed, feed_position)
  local stored = redis.call('HMGET', room, 'seq', 'generation')
  local seq, at = tonumber(stored[1] or 0), now()
  local far = math.max(math.max(seq, feed_position, tonumber(stored[2] or 0)) + 1000000, at)
  local entry = string.format('{"seq":%.0f,"at":%.0f,"event":"leap","data":{"after":%.0f}}', far, at, seq)
  write_despite_full_memory(room)
  redis.call('HSET', room, 'seq', far, 'generation', far)
  redis.call('XADD', log, 'MAXLEN', '~', LOG_MAX, string.format('%.0f-0', far), 'e', entry)
  redis.call('SPUBLISH', feed, entry)
end

-- Compares this server with the one that a record names.
-- recorded: `process history` as an earlier call returned it, or false.
-- Returns whether this server has everything that the recorded one had, and the text to record instead (nil: no change).
-- A server that took over in a failover, or was restarted, may lack the newest writes: it has another history. INFO names it,
-- but would be a fifth of the cost of a message. So this looks first at the address of a table of this process' Lua, which
-- stays the same while the process runs (until SCRIPT FLUSH: then the history decides).
local function compare_lineage(recorded)
  local process = tostring(redis)
  if recorded and string.find(recorded, process, 1, true) then return true end
  local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or process
  return recorded and string.find(recorded, history, 1, true) ~= nil, process .. ' ' .. history
end

local lineage_ensured

-- Makes sure that the room's numbers continue those of its last server, once in a script. Call it before you give a number or
-- a generation: the newest entries and sessions of the room may be lost. Records the server in `server` of the room's hash.
local function ensure_lineage(room, log, feed)
  if lineage_ensured then return end
  lineage_ensured = true
  local server = redis.call('HGET', room, 'server')
  local has_all, changed = compare_lineage(server)
  if not changed then return end
  write_despite_full_memory(room)
  redis.call('HSET', room, 'server', changed)
  if server and not has_all then leap(room, log, feed, 0) end
end
