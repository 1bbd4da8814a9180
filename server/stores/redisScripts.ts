import { A_LITTLE_LONGER } from './ledger.ts';

/**
 * The rules of `ledger.ts` as Redis runs them, each script as one step among all gateways. Times are the
 * server's own, so that the clocks of the machines need not agree.
 *
 * `n` counts, `e` is when a window ends; a budget has a field for what each admission holds of it, so that what is
 * settled twice, or whose answer was lost, is known. Streams are a sorted set of ids by the end of their lease,
 * revocations one of subjects by theirs; a nonce's count is a plain number that lives as long as it is needed.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/**
 * KEYS: the revocations, then windows, streams, budgets, and the nonce if there is one.
 * ARGV: id, lease, how many revocable, windows, streams, budgets, nonces; the revocable; for a window its limit
 * and length; for streams their limit; for a budget its limit, length and what is reserved; for a nonce its uses
 * and for how long it is kept.
 * Returns 1 and what is left of each, or 0, the refusing kind, which of it, and in how long it may pass (-1: unknown).
 */
export const ADMIT = `${NOW}
local id, lease = ARGV[1], tonumber(ARGV[2])
local revocable, windows, streams, budgets, uses =
  tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local key, arg = 1, 7

local function take()
  arg = arg + 1
  return ARGV[arg]
end

local own = 'r:' .. id

local function whole(number)
  return string.format('%.0f', number)
end

local function running(name, window)
  local found = redis.call('HMGET', name, 'n', 'e', own)
  local ends = tonumber(found[2] or 0)
  if ends > now + window then
    -- The clock has been set back: nobody waits for longer than a window.
    ends = now + window
    redis.call('HSET', name, 'e', whole(ends))
    redis.call('PEXPIREAT', name, whole(ends))
  end
  if ends > now then return { name, tonumber(found[1]), ends, tonumber(found[3] or 0) } end
  if found[2] then redis.call('DEL', name) end
  return { name, 0, now + window, 0 }
end

for i = 1, revocable do
  local ends = redis.call('ZSCORE', KEYS[1], take())
  if ends and tonumber(ends) > now then return { 0, 0, i - 1, -1 } end
end

local requests = {}
for i = 1, windows do
  key = key + 1
  local limit = tonumber(take())
  local counter = running(KEYS[key], tonumber(take()))
  if counter[2] >= limit then return { 0, 1, i - 1, limit > 0 and counter[3] - now or -1 } end
  requests[i] = { counter, limit }
end

local slots = {}
for i = 1, streams do
  key = key + 1
  local limit = tonumber(take())
  redis.call('ZREMRANGEBYSCORE', KEYS[key], '-inf', now)
  local held = redis.call('ZCARD', KEYS[key])
  if held >= limit then return { 0, 2, i - 1, -1 } end
  slots[i] = { KEYS[key], limit - held - 1 }
end

local amounts = {}
for i = 1, budgets do
  key = key + 1
  local limit = tonumber(take())
  local counter = running(KEYS[key], tonumber(take()))
  local reserve = tonumber(take())
  if counter[2] + reserve > limit then
    return { 0, 3, i - 1, reserve > limit and -1 or counter[3] - now }
  end
  amounts[i] = { counter, limit, reserve }
end

if uses == 1 then
  key = key + 1
  local most, keep = tonumber(take()), tonumber(take())
  local left = redis.call('PTTL', KEYS[key])
  if tonumber(redis.call('GET', KEYS[key]) or 0) >= most then
    if keep > left then redis.call('PEXPIRE', KEYS[key], keep + ${A_LITTLE_LONGER}) end
    return { 0, 4, 0, -1 }
  end
  redis.call('INCR', KEYS[key])
  if keep > left then redis.call('PEXPIRE', KEYS[key], keep) end
end

local answer = { 1 }
for _, request in ipairs(requests) do
  local name, count, ends = unpack(request[1])
  redis.call('HSET', name, 'n', whole(count + 1), 'e', whole(ends))
  redis.call('PEXPIREAT', name, whole(ends))
  table.insert(answer, request[2] - request[1][2] - 1)
  table.insert(answer, request[1][3] - now)
end
for _, slot in ipairs(slots) do
  redis.call('ZADD', slot[1], now + lease, id)
  redis.call('PEXPIRE', slot[1], lease)
  table.insert(answer, slot[2])
end
for _, amount in ipairs(amounts) do
  local name, count, ends, held = unpack(amount[1])
  redis.call('HSET', name, 'n', whole(count + amount[3]), 'e', whole(ends), own, whole(held + amount[3]))
  redis.call('PEXPIREAT', name, whole(ends))
  table.insert(answer, amount[2] - amount[1][2] - amount[3])
  table.insert(answer, amount[1][3] - now)
  table.insert(answer, amount[1][3])
end
return answer
`;

/**
 * KEYS: streams, budgets, and if a use is given back the nonce, and what remembers that it was. ARGV: id, how many
 * streams, budgets, nonces; a budget's ticket and what was spent.
 */
export const SETTLE = `
local streams, budgets, unused = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for i = 1, streams do redis.call('ZREM', KEYS[i], ARGV[1]) end
for i = 1, budgets do
  local name, own = KEYS[streams + i], 'r:' .. ARGV[1]
  local ticket, spent = tonumber(ARGV[3 + i * 2]), tonumber(ARGV[4 + i * 2])
  local found = redis.call('HMGET', name, 'n', 'e', own)
  if found[3] then
    -- In a window that the gateway does not know of nothing was spent.
    if tonumber(found[2]) > ticket then spent = 0 end
    redis.call('HSET', name, 'n', string.format('%.0f', math.max(0, tonumber(found[1]) + spent - tonumber(found[3]))))
    redis.call('HDEL', name, own)
  end
end
if unused == 1 then
  local name, given = KEYS[streams + budgets + 1], KEYS[streams + budgets + 2]
  local left = redis.call('PTTL', name)
  if left > 0 and tonumber(redis.call('GET', name)) > 0 and redis.call('SET', given, 1, 'NX', 'PX', left) then
    redis.call('DECR', name)
  end
end
return 1
`;

/** KEYS: streams, one for each id. ARGV: lease, then the ids. */
export const RENEW = `${NOW}
local lease = tonumber(ARGV[1])
for i, name in ipairs(KEYS) do
  redis.call('ZADD', name, now + lease, ARGV[i + 1])
  redis.call('PEXPIRE', name, lease)
end
return 1
`;

/** KEYS: the revocations, their version. ARGV: subject, lifetime (0 takes the revocation back). */
export const REVOKE = `${NOW}
local lifetime = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if lifetime > 0 then
  redis.call('ZADD', KEYS[1], string.format('%.0f', now + lifetime), ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
end
redis.call('INCR', KEYS[2])
return 1
`;

/** KEYS: the revocations, their version. ARGV: the known version. Returns nothing, or the version and the subjects. */
export const REVOCATIONS = `${NOW}
local live = string.format('(%.0f', now)
local version = (redis.call('GET', KEYS[2]) or '0') .. ':' .. redis.call('ZCOUNT', KEYS[1], live, '+inf')
if version == ARGV[1] then return false end
return { version, redis.call('ZRANGEBYSCORE', KEYS[1], live, '+inf') }
`;
