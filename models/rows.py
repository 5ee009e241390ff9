"""Many rows in one statement: what a settled batch writes, and what it loads by key.

Statements are made once per table and dialect. Values are always parameters. Keys are given sorted, so that
two workers take locks in the same order and never deadlock on an upsert (facts: reliability research, D5).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from models.base import Row, db


def insert_rows(table: type[Row], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows given in the table's declared column order. A taken key is an error, never ignored."""
    if rows:
        db.connection().cursor().executemany(_insert(table), rows)


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
    ordered = sorted(rows, key=_key_of(table))
    if ordered:
        db.connection().cursor().executemany(_upsert(table, latest, earliest), ordered)


def overwrite_rows(table: type[Row], rows: Iterable[tuple[Any, ...]]) -> None:
    """Give rows that are there, and that the caller holds locked, the values of these; in key order."""
    ordered = sorted(rows, key=_key_of(table))
    if ordered:
        db.connection().cursor().executemany(_overwrite(table), ordered)


def _key_of(table: type[Row]) -> Any:
    width = len(_key_columns(table))
    return lambda row: tuple(str(value) for value in row[:width])


def _key_columns(table: type[Row]) -> list[str]:
    primary: Any = table._meta.primary_key
    return [table._meta.fields[name].column_name for name in primary.field_names]


def lock_clause() -> str:
    """What makes a read take the rows' locks; SQLite's write transaction holds them all already."""
    return " FOR UPDATE" if db.dialect == "mysql" else ""


def select_keys(
    table: type[Row], columns: str, keys: Iterable[tuple[UUID, Any]], *, by: str = "id", lock: bool = False
) -> list[tuple[Any, ...]]:
    """The named columns of all rows whose (merchant, key) is asked for, in key order; one statement.

    One range per merchant, because MariaDB does not use an index for `(a, b) IN ((…), …)`.
    """
    wanted: dict[UUID, list[Any]] = {}
    for merchant, key in sorted(set(keys)):
        wanted.setdefault(merchant, []).append(key)
    if not wanted:
        return []
    groups, values = [], []
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
    columns = [field.column_name for field in table._meta.sorted_fields]
    holes = ", ".join([db.param] * len(columns))
    return f"INSERT INTO {table._meta.table_name} ({', '.join(columns)}) VALUES ({holes})"


@lru_cache
def _upsert(table: type[Row], latest: tuple[str, ...], earliest: tuple[str, ...]) -> str:
    key = _key_columns(table)
    mysql = db.dialect == "mysql"
    greatest, least = ("GREATEST", "LEAST") if mysql else ("MAX", "MIN")
    changes = []
    for field in table._meta.sorted_fields:
        column = field.column_name
        if column in key:
            continue
        new = _offered(column)
        old = column if mysql else f"{table._meta.table_name}.{column}"
        if column in latest:
            changes.append(f"{column} = {greatest}({old}, {new})")
        elif column in earliest:
            changes.append(f"{column} = {least}({old}, {new})")
        else:
            changes.append(f"{column} = {old} + {new}")
    return f"{_insert(table)} {_on_taken(table)} {', '.join(changes)}"


@lru_cache
def _overwrite(table: type[Row]) -> str:
    key = _key_columns(table)
    changes = [
        f"{field.column_name} = {_offered(field.column_name)}"
        for field in table._meta.sorted_fields
        if field.column_name not in key
    ]
    return f"{_insert(table)} {_on_taken(table)} {', '.join(changes)}"


def _on_taken(table: type[Row]) -> str:
    if db.dialect == "mysql":
        return "ON DUPLICATE KEY UPDATE"
    return f"ON CONFLICT ({', '.join(_key_columns(table))}) DO UPDATE SET"


def _offered(column: str) -> str:
    return f"VALUES({column})" if db.dialect == "mysql" else f"excluded.{column}"
