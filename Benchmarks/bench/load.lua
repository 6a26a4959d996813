-- Sends one request over and over and tells what came back as a line of JSON.
-- FILE: the body, if any. HEADERS: lines of "Name: value".
local path = os.getenv("FILE")
if path then
    local file = assert(io.open(path, "rb"))
    wrk.method, wrk.body = "POST", file:read("*a")
    file:close()
    wrk.headers["Content-Type"] = "application/json"
end
for name, value in (os.getenv("HEADERS") or ""):gmatch("([^:\n]+): ([^\n]+)") do wrk.headers[name] = value end

done = function(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        'RESULT {"per_second": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "requests": %d, "refused": %d, "broken": %d}\n',
        summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
        summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
