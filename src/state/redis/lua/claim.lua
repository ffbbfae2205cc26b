-- Claims something for a time: the first caller has it until the time is over.
-- KEYS mark
-- ARGV value (the caller's own) ms most (a number above it is replaced; empty: none is)
-- Returns the value of the caller that has it.
local mark = KEYS[1]
local value, ms, most = unpack(ARGV)

local holder = redis.call('GET', mark)
if holder and not (most ~= '' and (tonumber(holder) or 0) > tonumber(most)) then return holder end
redis.call('SET', mark, value, 'PX', ms)
return value
