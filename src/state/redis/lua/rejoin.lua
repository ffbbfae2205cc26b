-- Gives a participant's place to a new owner, who is known by a login token and not by a ticket.
-- KEYS room members session log streams feed token
-- ARGV id node ticket token-id token-seconds
-- Returns what `reseat` does.
-- Refuses: participant_gone, overtaken, token_used (by anyone, unless it is the one that the participant has its place by).
local session, token = KEYS[3], KEYS[7]
local id, node, ticket, token_id, token_seconds = unpack(ARGV)

local place = redis.call('HMGET', session, 'owner', 'token')
if not place[1] then return refuse('participant_gone') end
if overtaken(session) then return refuse('overtaken') end
if token_id ~= place[2] then
  if redis.call('EXISTS', token) == 1 then return refuse('token_used') end
  redis.call('SET', token, id, 'EX', token_seconds)
  redis.call('HSET', session, 'token', token_id)
end
take_place(session)
return reseat(KEYS, id, node, '', ticket, '')
