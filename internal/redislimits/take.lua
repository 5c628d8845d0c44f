-- Decides one call over leaky buckets and quotas, all or nothing, by this server's
-- time. The rules are those of limits.Level; numbers stay below 2^53.
--
-- KEYS  the buckets (key, app, further ones), then the quotas' counts
-- ARGV  1 whether to take, 2 how many buckets, then for each bucket:
--         limit, unit, capacity, debt if there is none here, cost
--       and for each quota:
--         limit, count known to the caller, whether a lost count may be taken from
--         the caller, milliseconds to keep the count, cost, whether it only counts
-- A limit of 0 is none. A bucket is stored as "debt time unit".
-- Answers {outcome, debt of each bucket ..., count of each quota ...}.
local PASSED, RATE_EXCEEDED, QUOTA_EXCEEDED, QUOTA_UNKNOWN = 1, 2, 3, 4
local arg = {}
for i, text in ipairs(ARGV) do arg[i] = tonumber(text) end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

local function bucket(key, first)
  local b = {key = key, limit = arg[first], unit = arg[first + 1], capacity = arg[first + 2], debt = 0, at = now, cost = arg[first + 4]}
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
  return b.limit == 0 or b.cost <= b.capacity and b.debt <= (b.capacity - b.cost) * b.unit
end

local function fill(b)
  if b.limit == 0 then return end
  b.debt = b.debt + b.cost * b.unit
  -- Kept for a second longer than it takes to drain.
  local life = math.ceil((b.debt / b.limit + b.at - now) / 1000) + 1000
  redis.call('SET', b.key, string.format('%.0f %.0f %.0f', b.debt, b.at, b.unit), 'PX', string.format('%.0f', life))
end

local function quota(key, first)
  local q = {key = key, limit = arg[first], used = 0, keep = arg[first + 3], cost = arg[first + 4], counts = arg[first + 5]}
  if q.limit == 0 then return q end
  local stored = redis.call('GET', key)
  q.unknown = not stored and arg[first + 2] == 0
  q.used = math.max(tonumber(stored or 0), arg[first + 1])
  return q
end

local function count(q)
  if q.limit == 0 then return end
  q.used = q.used + q.cost
  redis.call('SET', q.key, string.format('%.0f', q.used), 'PX', string.format('%.0f', q.keep))
end

local buckets, quotas, outcome = {}, {}, PASSED
local first = 3
for i, key in ipairs(KEYS) do
  if i <= arg[2] then
    buckets[i] = bucket(key, first)
    first = first + 5
  else
    quotas[#quotas + 1] = quota(key, first)
    first = first + 6
  end
end

for _, q in ipairs(quotas) do
  if outcome == PASSED and q.limit > 0 and q.counts == 0 and q.used + q.cost > q.limit then outcome = QUOTA_EXCEEDED end
end
for _, b in ipairs(buckets) do
  if not room(b) then outcome = RATE_EXCEEDED end
end
for _, q in ipairs(quotas) do
  if q.unknown then outcome = QUOTA_UNKNOWN end
end
if outcome == PASSED and arg[1] == 1 then
  for _, b in ipairs(buckets) do fill(b) end
  for _, q in ipairs(quotas) do count(q) end
end

local answer = {outcome}
for _, b in ipairs(buckets) do answer[#answer + 1] = b.debt end
for _, q in ipairs(quotas) do answer[#answer + 1] = q.used end
return answer
