-- Part `deadline`, of the scripts that serve a client's request (`deadline` in script-table.ts). A node refuses a request at its deadline. A
-- script that Redis receives later, because Redis or the connection stalled, must not perform that request. A deadline further
-- ahead than a request may take was computed from another time than this server's: its clock was set back meanwhile, or the
-- node does not know it. Such a request may be late, so it is refused too. The node corrects its estimate from the refusal, and
-- sends a request that is not late again.
-- ARGV ... deadline (the last one: ms on this server's clock; empty: none)
-- Refuses: late (detail: the time on this server's clock, from which the node corrects its estimate of that).
local deadline = table.remove(ARGV)
local remaining_ms = deadline ~= '' and tonumber(deadline) - now() or 0
if remaining_ms < 0 or remaining_ms > REQUEST_MS + 1000 then return refuse('late', string.format('%.0f', now())) end

-- Returns whether a later request has the session already: two requests of a client that reconnected, on two nodes, may reach
-- this server in either order. The later request has the later deadline. Two requests in flight at the same time differ by at
-- most REQUEST_MS; a larger difference means that a clock was set back, and is ignored.
local function superseded(session)
  local taken = tonumber(redis.call('HGET', session, 'taken') or 0)
  return deadline ~= '' and taken > tonumber(deadline) and taken - tonumber(deadline) <= REQUEST_MS
end

-- Stores the deadline of the request that takes the session; 0 for a request without one, which supersedes no other.
local function record_takeover(session)
  redis.call('HSET', session, 'taken', deadline == '' and 0 or deadline)
end
