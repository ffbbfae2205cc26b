-- Part `clock`: the clock of this server.

local time_read

-- Returns this server's time, ms since 1970. It is the same throughout a script.
local function now()
  if not time_read then
    local time = redis.call('TIME')
    time_read = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return time_read
end
