-- Replaces the options of a room if they are the expected ones. A room with options does not expire when it is empty.
-- KEYS room
-- ARGV expected (JSON, or empty: none), options (JSON), participantLimit, inputLimit, quiet, quietStreams
-- Returns 1, or 0 if the options are not the expected ones.
local room = KEYS[1]
local expected, options, participants, inputs, quiet, quiet_streams = unpack(ARGV)

if (redis.call('HGET', room, 'options') or '') ~= expected then return 0 end
redis.call('HSET', room, 'options', options, 'participantLimit', participants, 'inputLimit', inputs,
  'quiet', quiet, 'quietStreams', quiet_streams)
redis.call('PERSIST', room)
return 1
