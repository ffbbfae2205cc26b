-- Lists the commands that the user of this connection may not send. Executes none of them.
-- ARGV command..., each with its arguments as a JSON array of strings
-- Returns the denied ones as they were given.
local denied = {}
if not redis.acl_check_cmd then return denied end -- a server that is like Redis, and has no such question
for _, text in ipairs(ARGV) do
  if not redis.acl_check_cmd(unpack(cjson.decode(text))) then table.insert(denied, text) end
end
return denied
