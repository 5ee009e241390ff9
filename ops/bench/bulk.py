"""How fast rows go into this database at all: one connection, 500 rows a statement, a commit after each."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from models.base import db, new_id
from models.rows import execute

ROWS = 500
TABLE = "bench_line"
COLUMNS = 10

Line = tuple[bytes, bytes, int, bytes, int, int, int, int, int, int]


def bulk_limit(rows: int) -> float:
    """Rows a second into a copy of `sale_line`, given to the driver as values."""
    sql = f"INSERT INTO {TABLE} VALUES ({', '.join(['%s'] * COLUMNS)})"
    return _timed([_lines(new_id()) for _ in range(rows // ROWS)], lambda cursor, lines: cursor.executemany(sql, lines))


def bulk_limit_of_statements(rows: int) -> float:
    """The same rows as statements made beforehand: what the server takes when its client costs nothing."""
    statements = [_statement(_lines(new_id())) for _ in range(rows // ROWS)]
    return _timed(statements, lambda cursor, statement: cursor.execute(statement))


def _timed(parts: list[Any], insert: Callable[[Any, Any], object]) -> float:
    execute(f"DROP TABLE IF EXISTS {TABLE}")
    execute(f"CREATE TABLE {TABLE} LIKE sale_line")
    cursor = db.connection().cursor()
    began = time.perf_counter()
    for part in parts:
        insert(cursor, part)
    seconds = time.perf_counter() - began
    execute(f"DROP TABLE {TABLE}")
    return len(parts) * ROWS / seconds


def _lines(merchant: UUID) -> list[Line]:
    key = merchant.bytes
    return [(key, new_id().bytes, nth % 5, new_id().bytes, 1000, 1799, 0, 1799, 899, 0) for nth in range(ROWS)]


def _statement(lines: list[Line]) -> str:
    rows = (", ".join(f"x'{v.hex()}'" if isinstance(v, bytes) else str(v) for v in line) for line in lines)
    return f"INSERT INTO {TABLE} VALUES {', '.join(f'({row})' for row in rows)}"
