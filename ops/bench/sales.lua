-- Sales for wrk: requests from a file (made by ops/bench/load.py), each sent with a number and a key of its own.
-- Arguments: the file, the first number. A request is three pieces around two holes of ten digits each.

local pieces = {}
local at, number = 0, 0

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  local text = file:read("*a")
  file:close()
  for head, middle, tail in text:gmatch("([^\1\2]*)\1([^\1\2]*)\1([^\1\2]*)\2") do
    pieces[#pieces + 1] = { head, middle, tail }
  end
  number = tonumber(arguments[2])
end

function request()
  at = at % #pieces + 1
  number = number + 1
  local digits = string.format("%010d", number)
  local piece = pieces[at]
  return piece[1] .. digits .. piece[2] .. digits .. piece[3]
end

function done(summary, latency)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    '\n{"requests": %d, "refused": %d, "lost": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f}\n',
    summary.requests, errors.status, lost, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
