-- Part `deadline`, of the scripts that serve a client's request (`deadline` in script-table.ts). A node refuses a request at its
-- deadline, so Redis must not perform the request later, when Redis or the connection stalled. It refuses a request
--   whose deadline is past;
--   whose deadline is further ahead than a request may take. The node computed it from another time than this server's: the
--     clock was set back meanwhile, or the node does not know it. The request may be late.
-- The node corrects its estimate of the clock from the refusal. If the request is not late, the node sends it again.
-- ARGV ... deadline (the last one: ms on this server's clock; empty: none)
-- Refuses: late (detail: the time on this server's clock, from which the node corrects its estimate of that).
local deadline = table.remove(ARGV)
local remaining_ms = deadline ~= '' and tonumber(deadline) - now() or 0
if remaining_ms < 0 or remaining_ms > REQUEST_MS + 1000 then return refuse('late', string.format('%.0f', now())) end

-- Returns whether a later request has the session already. A client that reconnects sends two requests by two nodes, and this
-- server may receive them in either order. The later request has the later deadline. The deadlines of two requests at the same
-- time differ by at most REQUEST_MS. A larger difference means that a clock was set back, and is ignored.
local function superseded(session)
  local taken = tonumber(redis.call('HGET', session, 'taken') or 0)
  return deadline ~= '' and taken > tonumber(deadline) and taken - tonumber(deadline) <= REQUEST_MS
end

-- Stores the deadline of the request that takes the session; 0 for a request without one, which supersedes no other.
local function record_takeover(session)
  redis.call('HSET', session, 'taken', deadline == '' and 0 or deadline)
end
