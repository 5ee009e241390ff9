"""Free loopback ports for private servers."""

import random
import socket
from contextlib import ExitStack

import psutil

# Below the range from which systems give out ports for outgoing connections: while a server is down, a
# client that keeps trying its port must not be handed that very port and take it for good.
RANGE = range(15_000, 32_000)


def free_ports(count: int) -> list[int]:
    """`count` different ports nobody listens on."""
    with ExitStack() as held:
        return [_bind_any(held) for _ in range(count)]


def _bind_any(held: ExitStack) -> int:
    while True:
        port = random.choice(RANGE)
        listener = held.enter_context(socket.socket())
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            continue
        return port


def accepts(port: int) -> bool:
    """Whether something on this machine listens on `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listens(pid: int, port: int) -> bool:
    """Whether it is that process, and not someone else's, that listens on `port`."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:
        return False
    return any(each.laddr.port == port and each.status == psutil.CONN_LISTEN for each in connections)
