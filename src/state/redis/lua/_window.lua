-- Part `window`: the clock of the reconnect windows.

-- Returns the time of the windows, ms: this server's clock minus every step back and every gap of more than
-- max(LEASE_MS, 5000) since the last call. During such a gap no node reached Redis, so no client could resume.
-- clock: hash with `last` (this server's time at the last call) and `behind` (the sum that is subtracted, ms).
-- waiting: zset of the open windows; `behind` is reset when it is empty.
local function window_time(clock, waiting)
  local stored = redis.call('HMGET', clock, 'last', 'behind')
  local last, behind = tonumber(stored[1]), tonumber(stored[2] or 0)
  local elapsed = last and now() - last or 0
  local after = (elapsed < 0 or elapsed > math.max(LEASE_MS, 5000)) and behind + elapsed or behind
  if redis.call('ZCARD', waiting) == 0 then after = 0 end
  write_despite_full_memory(clock)
  local written = redis.pcall('HSET', clock, 'last', string.format('%.0f', now()), 'behind', string.format('%.0f', after))
  if type(written) == 'table' then return now() - behind end -- Redis takes no writes: the reaper reads all the same
  return now() - after
end
