-- Sets what is configured for a room, if it is still as expected; such a room stays when it is empty.
-- KEYS room
-- ARGV expected (the JSON, or empty: nothing is set) options participantLimit inputLimit quiet quietStreams
-- Returns 1, or 0 if it is not as expected.
local room = KEYS[1]
local expected, options, participants, inputs, quiet, quiet_streams = unpack(ARGV)

if (redis.call('HGET', room, 'options') or '') ~= expected then return 0 end
redis.call('HSET', room, 'options', options, 'participantLimit', participants, 'inputLimit', inputs,
  'quiet', quiet, 'quietStreams', quiet_streams)
redis.call('PERSIST', room)
return 1
