-- Gives a participant's session to a new owner, for a login token instead of a ticket.
-- KEYS room members session log streams feed token
-- ARGV id, node, ticket, token-id, token-seconds
-- Returns what `take_over` does.
-- Refuses: participant_gone, superseded, token_used (unless it is the token of the session).
local session, token = KEYS[3], KEYS[7]
local id, node, ticket, token_id, token_seconds = unpack(ARGV)

local stored = redis.call('HMGET', session, 'owner', 'token')
if not stored[1] then return refuse('participant_gone') end
if superseded(session) then return refuse('superseded') end
if token_id ~= stored[2] then
  if redis.call('EXISTS', token) == 1 then return refuse('token_used') end
  redis.call('SET', token, id, 'EX', token_seconds)
  redis.call('HSET', session, 'token', token_id)
end
record_takeover(session)
return take_over(KEYS, id, node, '', ticket, '')
