-- Gives a participant's session to a new owner, for a ticket, which is spent.
-- KEYS room members session log streams feed
-- ARGV id, node, ticket, next-ticket, seq (empty: the client does not know what it received)
-- Returns what `take_over` does.
-- Refuses: participant_gone, reconnection_disabled, ticket_spent, superseded.
local id, node, ticket, next_ticket, seen = unpack(ARGV)

local stored = redis.call('HMGET', KEYS[3], 'owner', 'ticket', 'previous', 'reconnects')
if not stored[1] then return refuse('participant_gone') end
if stored[4] == '0' then return refuse('reconnection_disabled') end
local issued, previous = with_used(stored[2], stored[3], ticket, next_ticket)
if not issued then return refuse('ticket_spent') end
if superseded(KEYS[3]) then return refuse('superseded') end
record_takeover(KEYS[3])
return take_over(KEYS, id, node, seen, issued, previous)
