-- Part `refusal`: how a script refuses.

-- Returns the error reply that scripts.ts turns into a SignalError. The script must not have written anything.
-- code: an error code of core/errors.ts; detail: text without spaces, may be nil.
local function refuse(code, detail)
  return redis.error_reply('SB ' .. code .. ' ' .. (detail or ''))
end
