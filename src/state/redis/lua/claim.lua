-- Claims something for a time: the first caller has it until the time is over.
-- KEYS claim (string)
-- ARGV value (the caller's own), ms, limit (a stored number above it is replaced; empty: none is)
-- Returns the value of the caller that has it.
local claim = KEYS[1]
local value, ms, limit = unpack(ARGV)

local holder = redis.call('GET', claim)
if holder and not (limit ~= '' and (tonumber(holder) or 0) > tonumber(limit)) then return holder end
redis.call('SET', claim, value, 'PX', ms)
return value
