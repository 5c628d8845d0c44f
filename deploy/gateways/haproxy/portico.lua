-- The action lua.portico asks Portico whether a call may pass. HAProxy has no
-- forward authentication of its own; this uses the HTTP client that HAProxy
-- gives to Lua since 2.5, and needs nothing else.
--
--   lua-load-per-thread portico.lua
--   http-request lua.portico currency-rates     (the product)
--
-- It lets the call go on with X-Portico-* headers for the upstream and the
-- variables txn.portico_ratelimit, txn.portico_ratelimit_policy,
-- txn.portico_deprecation and txn.portico_sunset for the answer, or ends it with Portico's own answer. It takes from the environment
-- PORTICO_GATE (127.0.0.1:8081) and PORTICO_GATEWAY_TOKEN.

local gate = assert(os.getenv("PORTICO_GATE"), "PORTICO_GATE is not set")
local token = assert(os.getenv("PORTICO_GATEWAY_TOKEN"), "PORTICO_GATEWAY_TOKEN is not set")

-- What Portico says of the caller, for the upstream.
local told = { "code", "credential", "app", "account", "organization", "product", "plan", "subscription", "limits" }
-- What a refusal says to the client.
local shown = { "content-type", "www-authenticate", "x-portico-code", "ratelimit", "ratelimit-policy", "deprecation", "sunset", "retry-after", "cache-control" }
-- What else it says to the client, whether the call passes or not.
local shared = { "ratelimit", "ratelimit-policy", "deprecation", "sunset" }

local unavailable = {
	status = 503,
	headers = { ["content-type"] = { [0] = "application/problem+json" }, ["x-portico-code"] = { [0] = "UNAVAILABLE" }, ["cache-control"] = { [0] = "no-store" } },
	body = '{"type":"about:blank","title":"The call cannot be checked at present.","status":503,"code":"UNAVAILABLE"}',
}

-- HAProxy counts the values of a header from 0, and wants them from 1.
local function values(headers, name)
	local out = {}
	local list = headers[name]
	if list then
		for i = 0, #list do
			out[#out + 1] = list[i]
		end
	end
	return out
end

local function question(txn, product)
	local headers = txn.http:req_get_headers()
	return {
		["x-portico-gateway-token"] = { token },
		["x-portico-product"] = { product },
		["x-forwarded-method"] = { txn.sf:method() },
		["x-forwarded-uri"] = { txn.sf:pathq() },
		["x-forwarded-for"] = { txn.sf:src() },
		["authorization"] = values(headers, "authorization"),
		["x-api-key"] = values(headers, "x-api-key"),
		["x-portico-app"] = values(headers, "x-portico-app"),
	}
end

-- What is for this connection alone: these, and what Connection names.
local hops = { "connection", "upgrade", "keep-alive", "te", "trailer", "proxy-authenticate", "proxy-authorization", "proxy-connection", "http2-settings" }

local function drop_named(txn)
	for _, value in ipairs(values(txn.http:req_get_headers(), "connection")) do
		for name in value:gmatch("[^%s,]+") do
			local lower = name:lower()
			-- These say how a message is framed and whom it is for.
			if lower ~= "host" and lower ~= "content-length" and lower ~= "transfer-encoding" and lower ~= "upgrade" then
				txn.http:req_del_header(name)
			end
		end
	end
	txn.http:req_del_header("connection")
end

core.register_action("portico_hops", { "http-req" }, function(txn)
	drop_named(txn)
	for _, name in ipairs(hops) do
		txn.http:req_del_header(name)
	end
end)

local function refuse(txn, answer)
	local reply = txn:reply({ status = answer.status })
	for _, name in ipairs(shown) do
		for _, value in ipairs(values(answer.headers, name)) do
			reply:add_header(name, value)
		end
	end
	reply:set_body(answer.body or "")
	txn:done(reply)
end

core.register_action("portico", { "http-req" }, function(txn, product)
	-- Portico itself answers within 5 s, whatever happens.
	local answer = core.httpclient():get({ url = "http://" .. gate .. "/v1/authorize", headers = question(txn, product), timeout = 6000 })
	if not answer or not answer.status or answer.status == 0 then
		refuse(txn, unavailable)
	elseif answer.status ~= 200 then
		-- Without a code it is not a verdict: nobody is there, which HAProxy's
		-- client tells by a 503 of its own, or this gateway's token is wrong.
		local known = answer.headers and answer.headers["x-portico-code"]
		refuse(txn, known and answer or unavailable)
	end
	drop_named(txn) -- before Portico's word comes, which nobody takes away so
	for _, name in ipairs(told) do
		local header = "x-portico-" .. name
		txn.http:req_del_header(header)
		for _, value in ipairs(values(answer.headers, header)) do
			txn.http:req_add_header(header, value)
		end
	end
	for _, name in ipairs(shared) do
		local value = values(answer.headers, name)[1]
		if value then
			txn:set_var("txn.portico_" .. name:gsub("-", "_"), value)
		end
	end
end, 1)
