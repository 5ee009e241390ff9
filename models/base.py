"""The database handle, the row base class and the column types every table is made of.

MySQL 8, MariaDB 10.11 and SQLite take the same statements; what differs (time-outs, isolation, upsert
syntax) is decided here and in `models.rows`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime
from typing import Any, Self
from urllib.parse import unquote, urlsplit
from uuid import UUID

import peewee
import uuid_utils.compat
from playhouse.shortcuts import ReconnectMixin
from pymysql.converters import decoders, encoders
from pymysql.cursors import Cursor

from ops.logs import SAFE_TRACE, trace
from ops.settings import settings

STAMP = "%Y-%m-%d %H:%M:%S.%f"
NOBODY = UUID(int=0)
"""The merchant of what belongs to the installation itself: sign-ups, garbage from a queue."""


def stamp(moment: datetime) -> str:
    """A moment as both databases store it: UTC, microseconds, no zone."""
    return moment.astimezone(UTC).strftime(STAMP)


def moment(stored: datetime | str) -> datetime:
    """A stored moment, aware, in UTC."""
    if isinstance(stored, str):
        stored = datetime.strptime(stored, STAMP)  # noqa: DTZ007 - stored without a zone, always UTC
    return stored.replace(tzinfo=UTC)


def shown(at: datetime | None) -> str | None:
    """A moment as answers have it: RFC 3339, UTC, `Z`."""
    return None if at is None else at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


def new_id() -> UUID:
    """A fresh UUIDv7: ids made one after the other lie beside each other in the index."""
    return uuid_utils.compat.uuid7()


sqlite3.register_adapter(UUID, lambda value: value.bytes)
sqlite3.register_adapter(datetime, stamp)
sqlite3.register_adapter(date, date.isoformat)

MYSQL_ENCODERS = {
    **encoders,
    UUID: lambda value, _mapping=None: f"x'{value.hex}'",
    datetime: lambda value, _mapping=None: f"'{stamp(value)}'",
}


def traced(sql: Any) -> Any:
    """A statement that says whose request it serves: the id stands in a comment after its first word."""
    verb, space, rest = sql.partition(" ") if isinstance(sql, str) else ("", "", "")
    return f"{verb} /* {trace.get()} */ {rest}" if space and SAFE_TRACE.match(trace.get()) else sql


class TracedCursor(Cursor):
    """Statements to MySQL, traced."""

    def execute(self, query: str, args: Any = None) -> int:
        """As the driver does."""
        return super().execute(traced(query), args)

    def executemany(self, query: str, args: Any) -> int | None:
        """As the driver does; it still knows a bulk insert when it sees one."""
        return super().executemany(traced(query), args)


class TracedSqliteCursor(sqlite3.Cursor):
    """Statements to SQLite, traced."""

    def execute(self, sql: str, parameters: Any = ()) -> Self:
        """As the driver does."""
        return super().execute(traced(sql), parameters)

    def executemany(self, sql: str, parameters: Any) -> Self:
        """As the driver does."""
        return super().executemany(traced(sql), parameters)


class TracedSqlite(sqlite3.Connection):
    """A connection to SQLite whose cursors trace."""

    def cursor(self, factory: Any = TracedSqliteCursor) -> Any:
        """As the driver does."""
        return super().cursor(factory)


class Sqlite(peewee.SqliteDatabase):
    """The embedded database: one file, write-ahead log, every commit on disk before it is answered."""

    dialect = "sqlite"

    def transact(self) -> Any:
        """A write transaction that takes the write lock at once, so that it cannot fail half-way for it."""
        return self.atomic("IMMEDIATE")

    def hasten(self, seconds: int) -> None:
        """Nothing to do: readers of a write-ahead log never wait, and only workers write."""


class Mysql(ReconnectMixin, peewee.MySQLDatabase):
    """MySQL or MariaDB. A connection lost between transactions is opened again; inside one it is an error."""

    dialect = "mysql"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Each thread has a connection of its own: none waits while another's is being opened."""
        super().__init__(*args, **kwargs)
        self._lock = nullcontext()

    def transact(self) -> Any:
        """A write transaction, READ COMMITTED."""
        return self.atomic()

    def hasten(self, seconds: int) -> None:
        """Wait no longer than this for a statement: for those who have somebody waiting themselves."""
        self.connect_params.update(connect_timeout=1, read_timeout=seconds, write_timeout=seconds)

    def _reconnect(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """A server that did not answer in time is not asked a second time at once."""
        try:
            return func(*args, **kwargs)
        except peewee.OperationalError as error:
            if "timed out" in str(error):
                if not self.in_transaction():
                    self.close()
                raise
            return super()._reconnect(_failing_once(func, error), *args, **kwargs)


def _failing_once(func: Any, error: Exception) -> Any:
    """A call that fails as it did before, and is made anew when it is tried again."""
    failures = [error]

    def call(*args: Any, **kwargs: Any) -> Any:
        if failures:
            raise failures.pop()
        return func(*args, **kwargs)

    return call


def open_database(url: str) -> Sqlite | Mysql:
    """The handle for a `sqlite:///path` or `mysql://user:password@host:port/name` address; connects lazily.

    With `?tls=yes` the connection is encrypted, else it is not: inside one host or a closed network.
    """
    if url.startswith("sqlite:///"):
        pragmas = {"journal_mode": "wal", "synchronous": "full", "cache_size": -32_000}
        return Sqlite(url.removeprefix("sqlite:///"), timeout=15, pragmas=pragmas, factory=TracedSqlite)
    parts = urlsplit(url)
    return Mysql(
        parts.path.lstrip("/"),
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        conv=MYSQL_ENCODERS | _decoders(),
        cursorclass=TracedCursor,
        init_command="SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        sql_mode="STRICT_TRANS_TABLES,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
        ssl_disabled="tls=yes" not in parts.query,
        connect_timeout=3,
        read_timeout=20,
        write_timeout=20,
    )


def _decoders() -> dict[Any, Any]:
    return {key: value for key, value in decoders.items() if isinstance(key, int)}


db: Sqlite | Mysql = open_database(settings().database_url)


@contextmanager
def connection() -> Iterator[None]:
    """A connection of this thread for the length of the block; an open one is kept open."""
    db.connect(reuse_if_open=True)
    yield


class IdField(peewee.BinaryUUIDField):
    """A UUID in 16 bytes."""


class MomentField(peewee.DateTimeField):
    """A moment in UTC with microseconds, aware on the Python side."""

    field_type = "DATETIME(6)"

    def db_value(self, value: datetime | None) -> str | None:
        """Store as text both databases compare alike."""
        return None if value is None else stamp(value)

    def python_value(self, value: Any) -> datetime | None:
        """Read as an aware moment."""
        return None if value is None else moment(value)


class HashField(peewee.BlobField):
    """32 bytes of a digest, indexable."""

    field_type = "BINARY(32)"


class LongTextField(peewee.TextField):
    """Text of any length the wire lets in (MySQL's TEXT ends at 64 KiB)."""

    field_type = "LONGTEXT"


class LongBlobField(peewee.BlobField):
    """Bytes of any length the wire lets in (MySQL's BLOB ends at 64 KiB)."""

    field_type = "LONGBLOB"


class Row(peewee.Model):
    """Base of every table. Keys begin with the merchant; ids are ours; nothing is ever auto-numbered."""

    class Meta:
        """Tables are named as their class, in snake case."""

        database = db
        legacy_table_names = False
