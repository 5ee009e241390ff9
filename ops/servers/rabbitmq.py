"""A private RabbitMQ with its management API, and the name server (epmd) Erlang needs, as our own child."""

import socket
from pathlib import Path

from ops.children import Child, Warden
from ops.servers.install import binary
from ops.servers.ports import accepts, free_ports, listens
from ops.servers.server import Server

GREETING = b"AMQP\x00\x00\x09\x01"  # answered by a method frame, whose first byte is 1, once the broker has booted
METHOD_FRAME = b"\x01"

# One scheduler, no busy waiting: beside the workers it serves, a test's broker must not eat a core.
ERLANG_ARGUMENTS = "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}"

CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management_port}
"""


class RabbitMQ(Server):
    """The cluster profile's broker, signed in to as guest."""

    name = "rabbitmq"
    boot_seconds = 120
    # The stores are closed within milliseconds; then the management plugin idles for five seconds more.
    stop_seconds = 3

    def __init__(self, folder: Path, warden: Warden) -> None:
        super().__init__(folder, warden)
        self.port, self.management_port, self._distribution_port, self._names_port = free_ports(4)
        self._names: Child | None = None

    @property
    def url(self) -> str:
        """The URL of the virtual host `/`."""
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def management_url(self) -> str:
        """The URL of the management API."""
        return f"http://guest:guest@127.0.0.1:{self.management_port}"

    @property
    def names_pid(self) -> int:
        """The process id of the node's name server."""
        if self._names is None:
            raise RuntimeError("rabbitmq was never started")
        return self._names.pid

    def command(self) -> list[str]:
        """The Erlang machine in the foreground; the distribution's wrapper would write to /var."""
        return [binary("rabbitmq-server")]

    def environment(self) -> dict[str, str]:
        """Every path and port of the node, none of the system's."""
        return super().environment() | self._names_environment() | {
            "HOME": str(self.data),
            "RABBITMQ_ALLOW_INPUT": "1",  # the start script becomes the server, instead of watching over it
            "RABBITMQ_SERVER_START_ARGS": "-noinput +B i",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG_ARGUMENTS,
            "RABBITMQ_NODENAME": "regulars@localhost",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self.data / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.data / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.data / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.data / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.data / "generated"),
            "RABBITMQ_PID_FILE": str(self.data / "pid"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "ERL_CRASH_DUMP": str(self.data / "erl_crash.dump"),
        }  # fmt: skip

    def prepare(self) -> None:
        """Writes the node's configuration and starts the name server."""
        super().prepare()
        settings = CONFIGURATION.format(port=self.port, management_port=self.management_port)
        (self.data / "rabbitmq.conf").write_text(settings)
        (self.data / "enabled_plugins").write_text("[rabbitmq_management].\n")
        self._start_names()

    def answers(self) -> bool:
        """Whether broker and management API serve clients: the ports open long before."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(GREETING)
            greeted = connection.recv(1) == METHOD_FRAME
        return greeted and all(listens(self.pid, port) for port in (self.port, self.management_port))

    def stop(self) -> None:
        """Stops the broker, then its name server."""
        super().stop()
        if self._names:
            self._names.stop(self.stop_seconds)

    def _names_environment(self) -> dict[str, str]:
        return {"ERL_EPMD_PORT": str(self._names_port), "ERL_EPMD_ADDRESS": "127.0.0.1"}

    def _start_names(self) -> None:
        """Without one of its own, Erlang would start a daemon that outlives it."""
        if self._names and self._names.alive:
            return
        self._names = self.spawn([binary("epmd")], super().environment() | self._names_environment())
        self.wait_until(lambda: accepts(self._names_port), self._names)  # before Erlang looks for it
