-- Part `entry`: entries of a room's log.

-- Removes entries older than LOG_MS. A room keeps up to 18 marks `time:seq`, newest first, at least LOG_MS/12 apart. A 19th
-- removes the entries up to its `seq`: 12 of the 18 intervals make LOG_MS, and a clock step can falsify one each, so 6 steps
-- are harmless. The dates of entries are not used, because older nodes wrote the time of their own clock.
local function trim_log(room, log, seq)
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

-- Gives an entry the room's next number and the time, appends it to the log and publishes it to the nodes.
-- body: the rest of its JSON, without the opening brace. Returns the number.
local function append_entry(room, log, feed, body)
  ensure_lineage(room, log, feed)
  local seq = redis.call('HINCRBY', room, 'seq', 1)
  local entry = string.format('{"seq":%.0f,"at":%.0f,', seq, now()) .. body
  redis.call('XADD', log, 'MAXLEN', '~', LOG_MAX, seq .. '-0', 'e', entry)
  redis.call('SPUBLISH', feed, entry)
  if seq % 16 == 0 then trim_log(room, log, seq) end
  return seq
end
