-- Gives a participant's place to a new owner, for a ticket that is spent by it.
-- KEYS room members session log streams feed
-- ARGV id node ticket next-ticket seq (empty: the client cannot say what it saw)
-- Returns what `reseat` does.
-- Refuses: participant_gone, reconnection_disabled, ticket_spent, overtaken.
local id, node, ticket, next_ticket, seen = unpack(ARGV)

local place = redis.call('HMGET', KEYS[3], 'owner', 'ticket', 'previous', 'reconnects')
if not place[1] then return refuse('participant_gone') end
if place[4] == '0' then return refuse('reconnection_disabled') end
local issued, previous = with_used(place[2], place[3], ticket, next_ticket)
if not issued then return refuse('ticket_spent') end
if overtaken(KEYS[3]) then return refuse('overtaken') end
take_place(KEYS[3])
return reseat(KEYS, id, node, seen, issued, previous)
