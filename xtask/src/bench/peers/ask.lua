-- Asks for the paths of a file in turn. PATHS names it, TOKEN is sent where there is one.
local paths, count, sent, headers = {}, 0, 0, {}
function init(args)
  for line in io.lines(os.getenv("PATHS")) do
    count = count + 1
    paths[count] = line
  end
  local token = os.getenv("TOKEN")
  if token then headers["Authorization"] = "Bearer " .. token end
end
function request()
  sent = sent + 1
  return wrk.format("GET", paths[sent % count + 1], headers)
end
