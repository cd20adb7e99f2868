-- Asks Doorcode whether a request may pass: `http-request lua.doorcode`. See haproxy.cfg.

local CHECK = "http://127.0.0.1:8080/.doorcode/check/forward-auth"
local TIMEOUT = 5000 -- milliseconds

-- What Doorcode writes: nothing of it may come from the client.
local WRITTEN = {
    "x-forwarded-user", "x-forwarded-phone", "x-forwarded-groups",
    "x-forwarded-preferred-username", "x-doorcode-assertion",
}

-- What the app gets as Doorcode says it: who calls, the cookies without Doorcode's own, and no personal
-- access token.
local REPLACED = { "cookie", "authorization", table.unpack(WRITTEN) }

-- Headers of one connection, or of a body that is not sent.
local LEFT_OUT = {
    ["connection"] = true, ["content-length"] = true, ["expect"] = true, ["keep-alive"] = true,
    ["te"] = true, ["transfer-encoding"] = true, ["upgrade"] = true,
}

-- The values of a header in their order: HAProxy counts them from 0.
local function in_order(values)
    local list, at = {}, 0
    while values ~= nil and values[at] ~= nil do
        table.insert(list, values[at])
        at = at + 1
    end
    return list
end

local function question(txn)
    local headers = {}
    for name, values in pairs(txn.http:req_get_headers()) do
        if not LEFT_OUT[name] then
            headers[name] = in_order(values)
        end
    end
    headers["x-forwarded-method"] = { txn.sf:method() }
    headers["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" }
    headers["x-forwarded-host"] = headers["host"]
    headers["x-forwarded-uri"] = { txn.sf:pathq() }
    headers["x-forwarded-for"] = { txn.sf:src() }
    return headers
end

local function refuse(txn, status, headers, body)
    local reply = txn:reply({ status = status, body = body })
    for name, values in pairs(headers) do
        if not LEFT_OUT[name] then
            for _, value in ipairs(in_order(values)) do
                reply:add_header(name, value)
            end
        end
    end
    txn:done(reply)
end

core.register_action("doorcode", { "http-req" }, function(txn)
    for _, name in ipairs(WRITTEN) do
        txn.http:req_del_header(name)
    end
    local answer = core.httpclient():get({
        url = CHECK, headers = question(txn), timeout = TIMEOUT,
    })
    if answer == nil or answer.status == nil or answer.status == 0 then
        return refuse(txn, 503, {}, "")
    end
    if answer.status ~= 200 then
        return refuse(txn, answer.status, answer.headers or {}, answer.body or "")
    end
    for _, name in ipairs(REPLACED) do
        txn.http:req_del_header(name)
        for _, value in ipairs(in_order(answer.headers[name])) do
            if value ~= "" then
                txn.http:req_add_header(name, value)
            end
        end
    end
end, 0)
