/**
 * The rules of `ledger.ts` as Redis runs them, each script as one step among all gateways. Times are the
 * server's own, so that the clocks of the machines need not agree.
 *
 * `n` counts, `e` is when a window ends. Streams are a sorted set of ids by the end of their lease, revocations
 * one of subjects by theirs; a nonce's count is a plain number that lives as long as it is needed.
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

local function running(name, window)
  local found = redis.call('HMGET', name, 'n', 'e')
  local ends = tonumber(found[2] or 0)
  if ends > now then return { name, tonumber(found[1]), ends } end
  return { name, 0, now + window }
end

local function add(counter, amount)
  redis.call('HSET', counter[1], 'n', string.format('%.0f', counter[2] + amount), 'e', string.format('%.0f', counter[3]))
  redis.call('PEXPIREAT', counter[1], string.format('%.0f', counter[3]))
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
  if tonumber(redis.call('GET', KEYS[key]) or 0) >= most then return { 0, 4, 0, -1 } end
  redis.call('INCR', KEYS[key])
  if keep > redis.call('PTTL', KEYS[key]) then redis.call('PEXPIRE', KEYS[key], keep) end
end

local answer = { 1 }
for _, request in ipairs(requests) do
  add(request[1], 1)
  table.insert(answer, request[2] - request[1][2] - 1)
  table.insert(answer, request[1][3] - now)
end
for _, slot in ipairs(slots) do
  redis.call('ZADD', slot[1], now + lease, id)
  redis.call('PEXPIRE', slot[1], lease)
  table.insert(answer, slot[2])
end
for _, amount in ipairs(amounts) do
  add(amount[1], amount[3])
  table.insert(answer, amount[2] - amount[1][2] - amount[3])
  table.insert(answer, amount[1][3] - now)
  table.insert(answer, amount[1][3])
end
return answer
`;

/** KEYS: streams, budgets, and the nonce if a use is given back. ARGV: id, how many of each; a budget's ticket and change. */
export const SETTLE = `
local streams, budgets, unused = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
for i = 1, streams do redis.call('ZREM', KEYS[i], ARGV[1]) end
for i = 1, budgets do
  local name = KEYS[streams + i]
  local found = redis.call('HMGET', name, 'n', 'e')
  if found[2] == ARGV[3 + i * 2] then
    redis.call('HSET', name, 'n', string.format('%.0f', math.max(0, tonumber(found[1]) + tonumber(ARGV[4 + i * 2]))))
  end
end
if unused == 1 then
  local name = KEYS[streams + budgets + 1]
  if tonumber(redis.call('GET', name) or 0) > 0 then redis.call('DECR', name) end
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
local version = redis.call('GET', KEYS[2]) or '0'
if version == ARGV[1] then return false end
return { version, redis.call('ZRANGEBYSCORE', KEYS[1], string.format('(%.0f', now), '+inf') }
`;
