-- Part `tickets`: the valid tickets of a client, as in core/session/issued-tickets.ts.
-- issued: their ids separated by spaces, oldest first. previous: the ticket for which they were issued, while the client is not
-- known to have received any of them ('' otherwise).

-- Returns the id that was issued last.
local function newest_ticket(issued)
  return string.match(issued, '%S*$')
end

-- Returns where a ticket is in `issued`: its first and last character, or nil.
local function is_issued(issued, ticket)
  return string.find(' ' .. issued .. ' ', ' ' .. ticket .. ' ', 1, true)
end

-- Returns `issued` and `previous` after the client is known to have received a ticket: the tickets before it are spent, those
-- after it stay valid.
local function with_confirmed(issued, previous, ticket)
  local _, last = is_issued(issued, ticket)
  if not last then return issued, previous end
  local since = string.sub(issued, last)
  if since == '' then return ticket, '' end
  return since, ticket
end

-- Returns `issued` and `previous` after a ticket was used, or nil if it was not valid. The use of `previous` means that an ack
-- was lost, but not which: every ticket issued for it stays valid until one of them is used. next: the ticket of this ack.
local function with_used(issued, previous, used, next)
  if used == previous then
    if is_issued(issued, next) then return issued, previous end
    if #issued > 250 then issued = string.gsub(issued, '^%S+ ', '') end
    return issued .. ' ' .. next, previous
  elseif is_issued(issued, used) then
    return next, used
  end
end
