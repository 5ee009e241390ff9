"""Many rows in one statement: what a settled batch writes, and what it loads by key.

Statements are made once per table and dialect. Values are always parameters. Keys are given sorted, so that
two workers take locks in the same order and never deadlock on an upsert (facts: reliability research, D5).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache
from types import NoneType
from typing import Any
from uuid import UUID

from pymysql.converters import escape_string

from models.base import Row, db, stamp


def insert_rows(table: type[Row], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows given in the table's declared column order. A taken key is an error, never ignored."""
    _write(_insert(table), rows, "")


def upsert_rows(
    table: type[Row],
    rows: Iterable[tuple[Any, ...]],
    *,
    latest: tuple[str, ...] = (),
    earliest: tuple[str, ...] = (),
) -> None:
    """Insert rows, or add their figures to those that stand under the same key.

    Columns named in `latest` and `earliest` keep the greater and the smaller value; every other column
    outside the key is added up. Rows are written in key order.
    """
    _write(_insert(table), _in_key_order(table, rows), _adding(table, latest, earliest))


def overwrite_rows(table: type[Row], rows: Iterable[tuple[Any, ...]]) -> None:
    """Give rows that are there, and that the caller holds locked, the values of these; in key order."""
    _write(_insert(table), _in_key_order(table, rows), _overwriting(table))


def _write(insert: str, rows: Sequence[tuple[Any, ...]], tail: str) -> None:
    """One statement for all rows. For MySQL the values are written out by type, four times as fast as the
    driver would; strings pass through the driver's own escaping."""
    if not rows:
        return
    cursor = db.connection().cursor()
    if db.dialect == "sqlite":
        holes = ", ".join("?" * len(rows[0]))
        cursor.executemany(f"{insert} VALUES ({holes}){tail}", rows)
        return
    written = ",".join([f"({','.join([LITERALS[type(value)](value) for value in row])})" for row in rows])
    cursor.execute(f"{insert} VALUES {written}{tail}")


LITERALS: dict[type, Callable[[Any], str]] = {
    int: int.__repr__,
    UUID: lambda value: f"x'{value.hex}'",
    bytes: lambda value: f"x'{value.hex()}'",
    str: lambda value: f"'{escape_string(value)}'",
    datetime: lambda value: f"'{stamp(value)}'",
    date: lambda value: f"'{value.isoformat()}'",
    NoneType: lambda _value: "NULL",
}


def _in_key_order(table: type[Row], rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    width = len(_key_columns(table))
    return sorted(rows, key=lambda row: [_sortable(value) for value in row[:width]])


def _sortable(value: Any) -> Any:
    return value.bytes if type(value) is UUID else value


def _key_columns(table: type[Row]) -> list[str]:
    primary: Any = table._meta.primary_key
    return [table._meta.fields[name].column_name for name in primary.field_names]


def lock_clause() -> str:
    """What makes a read take the rows' locks; SQLite's write transaction holds them all already."""
    return " FOR UPDATE" if db.dialect == "mysql" else ""


def select_keys(
    table: type[Row], columns: str, keys: Iterable[tuple[UUID | bytes, Any]], *, by: str = "id", lock: bool = False
) -> list[tuple[Any, ...]]:
    """The named columns of all rows whose (merchant, key) is asked for, in key order; one statement.

    One range per merchant, because MariaDB does not use an index for `(a, b) IN ((…), …)`.
    """
    wanted: dict[bytes, list[Any]] = {}
    for merchant, key in sorted({(_sortable(merchant), _sortable(key)) for merchant, key in keys}):
        wanted.setdefault(merchant, []).append(key)
    if not wanted:
        return []
    groups: list[str] = []
    values: list[Any] = []
    for merchant, group in wanted.items():
        groups.append(f"(merchant_id = {db.param} AND {by} IN ({', '.join([db.param] * len(group))}))")
        values += [merchant, *group]
    name = table._meta.table_name
    where = " OR ".join(groups)
    tail = f" ORDER BY merchant_id, {by}{lock_clause()}" if lock else ""
    return select(f"SELECT {columns} FROM {name} WHERE {where}{tail}", values)


def select(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Rows of a statement with parameters."""
    cursor = db.connection().cursor()
    cursor.execute(sql, tuple(values))
    return list(cursor.fetchall())


def execute(sql: str, values: Sequence[Any] = ()) -> int:
    """Run a statement with parameters; how many rows it touched."""
    cursor = db.connection().cursor()
    cursor.execute(sql, tuple(values))
    return int(cursor.rowcount)


@lru_cache
def _insert(table: type[Row]) -> str:
    columns = ", ".join(field.column_name for field in table._meta.sorted_fields)
    return f"INSERT INTO {table._meta.table_name} ({columns})"


@lru_cache
def _adding(table: type[Row], latest: tuple[str, ...], earliest: tuple[str, ...]) -> str:
    greatest, least = ("GREATEST", "LEAST") if db.dialect == "mysql" else ("MAX", "MIN")
    changes = []
    for column in _other_columns(table):
        standing = column if db.dialect == "mysql" else f"{table._meta.table_name}.{column}"
        if column in latest:
            changes.append(f"{column} = {greatest}({standing}, {_offered(column)})")
        elif column in earliest:
            changes.append(f"{column} = {least}({standing}, {_offered(column)})")
        else:
            changes.append(f"{column} = {standing} + {_offered(column)}")
    return f" {_on_taken(table)} {', '.join(changes)}"


@lru_cache
def _overwriting(table: type[Row]) -> str:
    changes = [f"{column} = {_offered(column)}" for column in _other_columns(table)]
    return f" {_on_taken(table)} {', '.join(changes)}"


def _other_columns(table: type[Row]) -> list[str]:
    key = _key_columns(table)
    return [field.column_name for field in table._meta.sorted_fields if field.column_name not in key]


def _on_taken(table: type[Row]) -> str:
    if db.dialect == "mysql":
        return "ON DUPLICATE KEY UPDATE"
    return f"ON CONFLICT ({', '.join(_key_columns(table))}) DO UPDATE SET"


def _offered(column: str) -> str:
    return f"VALUES({column})" if db.dialect == "mysql" else f"excluded.{column}"
