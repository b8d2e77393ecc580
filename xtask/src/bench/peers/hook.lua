-- Posts signed orders in turn; every request has a delivery id of its own. HOOKS names the file of signed bodies, RUN
-- sets one run's ids apart from another's. The ids that were answered with 200 are written to TAKEN: both sides give back
-- the id of a request.
local taken
local bodies, signatures, count = {}, {}, 0
function init(args)
  for line in io.lines(os.getenv("HOOKS")) do
    local tab = line:find("\t", 1, true)
    count = count + 1
    signatures[count] = line:sub(1, tab - 1)
    bodies[count] = line:sub(tab + 1)
  end
  sent = 0
  taken = io.open(os.getenv("TAKEN"), "w")
end
local run = os.getenv("RUN") or "r"
function request()
  local at = sent % count + 1
  sent = sent + 1
  local id = run .. "-" .. sent
  return wrk.format("POST", nil, {
    ["Content-Type"] = "application/json",
    ["X-Shopify-Topic"] = "orders/updated",
    ["X-Shopify-Hmac-Sha256"] = signatures[at],
    ["X-Shopify-Event-Id"] = id,
    ["X-Request-Id"] = id,
    ["X-Shopify-Triggered-At"] = "2026-10-20T00:00:00Z",
  }, bodies[at])
end
function response(status, headers, body)
  if status == 200 then taken:write(headers["x-request-id"], "\n") end
end
