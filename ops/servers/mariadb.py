"""A private MariaDB: durable, strict about waiting for locks, reachable over loopback only."""

import os
import shutil
import subprocess
from pathlib import Path

import pymysql

from ops.children import Warden
from ops.servers.install import binary
from ops.servers.ports import free_ports, listens
from ops.servers.server import Server

ACCOUNT = "regulars"  # user, password and database alike: the server listens on loopback only

FIRST_STATEMENTS = f"""\
CREATE DATABASE IF NOT EXISTS {ACCOUNT} CHARACTER SET utf8mb4;
CREATE USER IF NOT EXISTS '{ACCOUNT}'@'127.0.0.1' IDENTIFIED BY '{ACCOUNT}';
GRANT ALL ON *.* TO '{ACCOUNT}'@'127.0.0.1' WITH GRANT OPTION;
"""

RUN_AS = ("--user=root",) if os.geteuid() == 0 else ()  # asked for by name, or it refuses to run as root

SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--max-connections=500",
    "--character-set-server=utf8mb4",
    "--transaction-isolation=READ-COMMITTED",
    "--innodb-flush-log-at-trx-commit=1",
    "--innodb-rollback-on-timeout=ON",
    "--innodb-lock-wait-timeout=5",
)


class MariaDB(Server):
    """The cluster profile's database. `buffer_pool` is MariaDB's notation, such as 64M."""

    name = "mariadb"

    def __init__(self, folder: Path, warden: Warden, *, buffer_pool: str) -> None:
        super().__init__(folder, warden)
        self.port = free_ports(1)[0]
        self._buffer_pool = buffer_pool

    @property
    def url(self) -> str:
        """The URL of the database `regulars`."""
        return f"mysql://{ACCOUNT}:{ACCOUNT}@127.0.0.1:{self.port}/{ACCOUNT}"

    def command(self) -> list[str]:
        """The server by itself, without its restarting wrapper."""
        return [
            binary("mariadbd"),
            "--no-defaults",
            *RUN_AS,
            f"--datadir={self.data}",
            f"--port={self.port}",
            f"--socket={self.data / 'mariadb.sock'}",
            f"--pid-file={self.data / 'mariadb.pid'}",
            f"--init-file={self.data / 'first.sql'}",
            f"--innodb-buffer-pool-size={self._buffer_pool}",
            *SETTINGS,
        ]

    def prepare(self) -> None:
        """Makes the data folder aside and moves it into place, so that half of one is never used."""
        if self.data.exists():
            return
        fresh = self.data.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        self._install(fresh)
        (fresh / "first.sql").write_text(FIRST_STATEMENTS)
        fresh.rename(self.data)

    def answers(self) -> bool:
        """Whether the account can sign in."""
        try:
            connection = pymysql.connect(
                host="127.0.0.1", port=self.port, user=ACCOUNT, password=ACCOUNT, database=ACCOUNT
            )
        except pymysql.MySQLError:
            return False
        connection.close()
        return listens(self.pid, self.port)

    def _install(self, folder: Path) -> None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        command = [
            binary("mariadb-install-db"),
            "--no-defaults",
            *RUN_AS,
            f"--datadir={folder}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]
        with self.log.open("ab") as log:
            done = subprocess.run(command, stdout=log, stderr=log, check=False)
        if done.returncode:
            raise self.failure("could not make its data folder")
