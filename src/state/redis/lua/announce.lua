-- Appends a message that no participant of the room sent: management did, or a participant of another room.
-- KEYS room log feed members sent (string: the seq of the message with this dedupe key)
-- ARGV to (participant id, empty: the room), body, dedupe-key ( empty: the message is not repeated)
-- Returns the seq; for a repetition the seq of the first time.
-- Refuses: no_such_participant (no such room, or `to` is not in it).
local room, log, feed, members, sent = unpack(KEYS)
local to, body, dedupe_key = unpack(ARGV)

local before = dedupe_key ~= '' and redis.call('GET', sent)
if before then return tonumber(before) end
if redis.call('EXISTS', room) == 0 then return refuse('no_such_participant', to) end
if to ~= '' and redis.call('HEXISTS', members, to) == 0 then return refuse('no_such_participant', to) end
local seq = append_entry(room, log, feed, body)
if dedupe_key ~= '' then redis.call('SET', sent, seq, 'PX', LOG_MS) end
return seq
