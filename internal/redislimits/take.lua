-- Decides one call over two leaky buckets and a quota, all or nothing, by this
-- server's time. The rules are those of limits.Level; numbers stay below 2^53.
--
-- KEYS  key's bucket, subscription's bucket, quota's count
-- ARGV  1 cost, 2 whether to take,
--       3 limit, 4 unit, 5 capacity, 6 debt if there is none here (key),
--       7-10 the same (subscription),
--       11 quota, 12 count known to the caller, 13 whether a lost count may be
--       taken from the caller, 14 milliseconds to keep the count
-- A limit of 0 is none. A bucket is stored as "debt time unit".
-- Answers {outcome, key's debt, subscription's debt, quota used}.
local PASSED, RATE_EXCEEDED, QUOTA_EXCEEDED, QUOTA_UNKNOWN = 1, 2, 3, 4
local arg = {}
for i, text in ipairs(ARGV) do arg[i] = tonumber(text) end
local cost = arg[1]
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local function bucket(key, first)
  local b = {key = key, limit = arg[first], unit = arg[first + 1], capacity = arg[first + 2], debt = 0, at = now}
  if b.limit == 0 then return b end
  local stored = redis.call('GET', key)
  if not stored then
    b.debt = arg[first + 3]
    return b
  end
  local debt, at, unit = string.match(stored, '^(%d+) (%d+) (%d+)$')
  debt, at = tonumber(debt), tonumber(at)
  if tonumber(unit) ~= b.unit then debt = math.floor(debt / tonumber(unit) * b.unit) end
  -- A server's clock that was set back drains nothing until it catches up.
  b.at = math.max(now, at)
  b.debt = math.max(0, debt - (b.at - at) * b.limit)
  return b
end

local function room(b)
  return b.limit == 0 or cost <= b.capacity and b.debt <= (b.capacity - cost) * b.unit
end

local function fill(b)
  if b.limit == 0 then return end
  b.debt = b.debt + cost * b.unit
  -- Kept for a second longer than it takes to drain.
  local life = math.ceil((b.debt / b.limit + b.at - now) / 1000) + 1000
  redis.call('SET', b.key, string.format('%.0f %.0f %.0f', b.debt, b.at, b.unit), 'PX', string.format('%.0f', life))
end

local buckets = {bucket(KEYS[1], 3), bucket(KEYS[2], 7)}
local quota, used = arg[11], 0
if quota > 0 then
  local stored = redis.call('GET', KEYS[3])
  if not stored and arg[13] == 0 then return {QUOTA_UNKNOWN, 0, 0, 0} end
  used = math.max(tonumber(stored or 0), arg[12])
end

local outcome = PASSED
if not (room(buckets[1]) and room(buckets[2])) then
  outcome = RATE_EXCEEDED
elseif quota > 0 and used + cost > quota then
  outcome = QUOTA_EXCEEDED
elseif arg[2] == 1 then
  fill(buckets[1])
  fill(buckets[2])
  if quota > 0 then
    used = used + cost
    redis.call('SET', KEYS[3], string.format('%.0f', used), 'PX', string.format('%.0f', arg[14]))
  end
end
return {outcome, buckets[1].debt, buckets[2].debt, used}
