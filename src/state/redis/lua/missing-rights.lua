-- Those of the commands given that the user may not send.
-- ARGV: each a command with its arguments, as JSON. Returns them as they were given. Does none of them.
local denied = {}
if not redis.acl_check_cmd then return denied end -- a server that is like Redis, and has no such question
for _, text in ipairs(ARGV) do
  if not redis.acl_check_cmd(unpack(cjson.decode(text))) then table.insert(denied, text) end
end
return denied
