-- Put in front of the scripts that serve a client's request, after _prelude. A node that gives a request up tells its client
-- so; a script that Redis receives after that (it stood still, or the connection did) must not do what was refused.
-- ARGV ... deadline (the last one: ms on this server's clock; empty: none)
-- Refuses: late (detail: the time on this server's clock, from which the node corrects its estimate of that).
local deadline = table.remove(ARGV)
if deadline ~= '' and now() > tonumber(deadline) then return refuse('late', string.format('%.0f', now())) end

-- Whether a request that arrived later has the place already: two of one client that reconnected, on two nodes, may reach
-- this server in either order. Deadlines rise with the arrival, and a request has REQUEST_MS. A difference beyond that
-- comes from a clock that was set back, and means nothing.
local function overtaken(session)
  local taken = tonumber(redis.call('HGET', session, 'taken') or 0)
  return deadline ~= '' and taken > tonumber(deadline) and taken - tonumber(deadline) <= REQUEST_MS
end

-- Notes with which request a place was taken. One without a deadline overtakes nothing.
local function take_place(session)
  redis.call('HSET', session, 'taken', deadline == '' and 0 or deadline)
end
