-- Part `json`: records in JSON.

-- Returns a JSON object or array as a table, or nil: cjson cannot decode half of a surrogate pair, and older nodes wrote such
-- records.
local function readable(text)
  local read, value = pcall(cjson.decode, text)
  if read and type(value) == 'table' then return value end
end
