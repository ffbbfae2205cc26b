-- Part `memory`: writes while the memory of Redis is full.

-- Lets the next writes of a script pass while the memory is full. Redis then refuses the first write of a script, but no write
-- after it. This write needs no memory and changes nothing, because no key expires before now. It is for scripts that mostly
-- read: with `allowOom` in script-table.ts Redis would refuse their reads too while it takes no writes at all (NOREPLICAS,
-- MISCONF). key: any key of the script.
local function write_despite_full_memory(key)
  redis.pcall('PEXPIRE', key, 0, 'GT')
end
