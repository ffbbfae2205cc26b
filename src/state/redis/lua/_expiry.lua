-- Part `expiry`: the end of an empty room.

-- Lets a room without members expire with its log, unless it is configured. The room lives at least until this server's clock
-- has passed its last generation, which leaps push ahead of the clock.
local function expire_room(room, log)
  redis.call('PEXPIRE', log, LOG_MS)
  if redis.call('HEXISTS', room, 'options') == 1 then return end
  local ahead = tonumber(redis.call('HGET', room, 'generation') or 0) - now()
  redis.call('PEXPIRE', room, string.format('%.0f', LOG_MS + math.max(0, ahead)))
end
