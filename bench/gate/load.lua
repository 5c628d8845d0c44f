-- What wrk sends: a random key in every request, with the rest written once.
local keys, head, middle, tail = {}, "", "", ""

function init(args)
  local file, door, token, host = args[1], args[2], args[3], args[4]
  for key in io.lines(file) do keys[#keys + 1] = key end
  math.randomseed(tonumber(args[5]))
  local common = " HTTP/1.1\r\nHost: " .. host .. "\r\nX-Portico-Gateway-Token: " .. token .. "\r\n"
  if door == "verify" then
    local first, last = '{"key":"', '","product":"bench","method":"GET","path":"/orders/1","ip":"192.0.2.1"}'
    head = "POST /v1/verify" .. common .. "Content-Type: application/json\r\nContent-Length: " ..
      (#first + #keys[1] + #last) .. "\r\n\r\n" .. first
    tail = last
  else
    head = "GET /v1/authorize" .. common .. "X-Portico-Product: bench\r\nX-Forwarded-Method: GET\r\n" ..
      "X-Forwarded-Uri: /orders/1\r\nX-Forwarded-For: 192.0.2.1\r\nX-API-Key: "
    tail = "\r\n\r\n"
  end
end

function request() return head .. keys[math.random(#keys)] .. tail end

function done(summary, latency)
  local e = summary.errors
  print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
