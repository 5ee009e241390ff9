"""`python -m ops.servers`, which needs nothing of the shop to be importable."""

from ops.servers.commands import servers

servers(prog_name="python -m ops.servers")
