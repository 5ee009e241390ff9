"""Years of sales, made inside the database: a schema like the shop's own, filled by INSERT … SELECT."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models.base import now
from models.rows import execute, select
from ops.bench.shop import Chain
from ops.bench.stage import BenchFailed
from ops.settings import settings

AT_ONCE = 50_000
DAYS = 365
BYTES_OF_SALE = 1_100
"""What a stored sale takes on disk with its two lines, tender, movements and receipt, redo log aside."""

CHAIN_TABLES = ("merchant", "tier", "earn_rule", "store", "terminal", "member", "product", "sku", "stock")
DIGITS = " UNION ALL ".join(f"SELECT {digit} AS d" for digit in range(10))
SALE_ID = (
    "UNHEX(CONCAT(LPAD(HEX({start} + n * {step}), 12, '0'), '7', SUBSTR(MD5(n), 1, 3), '8', SUBSTR(MD5(n), 4, 15)))"
)
SOLD_AT = "FROM_UNIXTIME(({start} + n * {step}) / 1000)"

SALES = """
INSERT INTO {schema}.sale (merchant_id, id, store_id, terminal_id, sequence, member_id, mode, state, sold_at,
    business_date, hour, gross_cents, discount_cents, net_cents, cost_cents, variance_cents, items_milli, content_hash)
SELECT {merchant}, {sale}, t.store_id, t.id, n + 1, IF(n % 5 = 4, NULL, m.id), 'online', 'settled', {sold_at},
    DATE({sold_at}), HOUR({sold_at}), 3598, 0, 3598, 1798, 0, 2000, UNHEX(SHA2(n, 256))
FROM {numbers} STRAIGHT_JOIN {schema}.bench_till AS t ON t.nth = n % {tills}
    STRAIGHT_JOIN {schema}.bench_member AS m ON m.nth = (n * 7) % {members} ORDER BY n
"""
LINES = """
INSERT INTO {schema}.sale_line (merchant_id, sale_id, line, sku_id, quantity_milli, gross_cents, discount_cents,
    net_cents, cost_cents, variance_cents)
SELECT {merchant}, {sale}, line, k.id, 1000, 1799, 0, 1799, 899, 0
FROM {numbers} STRAIGHT_JOIN (SELECT 0 AS line UNION ALL SELECT 1) AS two
    STRAIGHT_JOIN {schema}.bench_sku AS k ON k.nth = (n * 13 + line) % {skus} ORDER BY n, line
"""
TENDERS = """
INSERT INTO {schema}.sale_tender (merchant_id, sale_id, line, kind, amount_cents, change_cents)
SELECT {merchant}, {sale}, 0, 'card', 3598, 0 FROM {numbers} ORDER BY n
"""
MOVEMENTS = """
INSERT INTO {schema}.stock_movement (merchant_id, source_id, line, store_id, sku_id, kind, quantity_milli, at)
SELECT {merchant}, {sale}, line, t.store_id, k.id, 'sale', -1000, {sold_at}
FROM {numbers} STRAIGHT_JOIN (SELECT 0 AS line UNION ALL SELECT 1) AS two
    STRAIGHT_JOIN {schema}.bench_till AS t ON t.nth = n % {tills}
    STRAIGHT_JOIN {schema}.bench_sku AS k ON k.nth = (n * 13 + line) % {skus} ORDER BY n, line
"""
RECEIPTS = """
INSERT INTO {schema}.receipt (merchant_id, id, name, body_hash, state, answer, settled_at)
SELECT {merchant}, UNHEX(CONCAT(LPAD(HEX((2 * n + {half}) * {gap}), 8, '0'), SUBSTR(MD5(n), 1, 24))), 'sales.checkout',
    UNHEX(SHA2(n, 256)), 'done',
    CONCAT('{{"sale_id":"', LOWER(HEX({sale})), '","net_cents":3598,"business_date":"', DATE({sold_at}), '","v":0}}'),
    {sold_at}
FROM {numbers} ORDER BY n
"""
"""Ids of commands are hashes: written in two ascending halves, they fill their pages about as chance would."""


def make_schema(schema: str, chain: Chain) -> str:
    """A fresh schema with the shop's tables and the chain in it; the URL a worker reaches it by."""
    execute(f"DROP DATABASE IF EXISTS {schema}")
    execute(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    for (table,) in select("SHOW TABLES"):
        execute(f"CREATE TABLE {schema}.{table} LIKE {table}")
    for table in CHAIN_TABLES:
        owner = "id" if table == "merchant" else "merchant_id"
        execute(f"INSERT INTO {schema}.{table} SELECT * FROM {table} WHERE {owner} = %s", [chain.merchant])
    _count_to(AT_ONCE, f"{schema}.bench_number")
    execute(f"CREATE TABLE {schema}.bench_till (nth INT PRIMARY KEY, id BINARY(16), store_id BINARY(16))")
    for name in ("member", "sku"):
        execute(f"CREATE TABLE {schema}.bench_{name} (nth INT PRIMARY KEY, id BINARY(16))")
    _number(f"{schema}.bench_till", [(till.id, till.store) for till in chain.tills])
    _number(f"{schema}.bench_member", [(id_,) for id_ in chain.members])
    _number(f"{schema}.bench_sku", [(id_,) for id_, _ in chain.skus])
    return urlsplit(settings().database_url)._replace(path=f"/{schema}").geturl()


def store_sales(schema: str, chain: Chain, count: int, say: Callable[[str], None]) -> None:
    """Fill a schema with `count` sales of the past year, each with two lines, a tender and a receipt."""
    since = now() - timedelta(days=DAYS)
    facts: dict[str, Any] = {
        "schema": schema,
        "merchant": f"x'{chain.merchant.hex}'",
        "tills": len(chain.tills),
        "members": len(chain.members),
        "skus": len(chain.skus),
        "start": int(since.timestamp() * 1000),
        "step": DAYS * 86_400_000 // count,
        "gap": 2**32 // (count + 2),
        "half": 0,
    }
    facts |= {"sale": SALE_ID.format(**facts), "sold_at": SOLD_AT.format(**facts)}
    for statement in (SALES, LINES, TENDERS, MOVEMENTS):
        _insert(statement, facts, count)
        say(f"{schema}: {count:,} sales, {statement.split()[2].format(schema='')[1:]} written")
    for half in (0, 1):
        _insert(RECEIPTS, facts | {"half": half}, count // 2)
    say(f"{schema}: receipts written; {_megabytes(schema):,} MB")


def check_space(count: int) -> None:
    """`BenchFailed` when the disk cannot hold the sales twice over."""
    free = shutil.disk_usage(_data_folder()).free
    if free < 2 * count * BYTES_OF_SALE:
        need = 2 * count * BYTES_OF_SALE // 2**20
        raise BenchFailed(f"growth needs {need:,} MB of disk for {count:,} stored sales; {free // 2**20:,} MB are free")


def drop_schema(schema: str) -> None:
    """Give the disk back."""
    execute(f"DROP DATABASE IF EXISTS {schema}")


def _insert(statement: str, facts: dict[str, Any], count: int) -> None:
    for start in range(0, count, AT_ONCE):
        numbers = _numbers(facts["schema"], start, min(AT_ONCE, count - start))
        execute(statement.format(numbers=numbers, **facts).replace("%", "%%"))


def _numbers(schema: str, start: int, count: int) -> str:
    """A table expression of `count` numbers `n` from `start` on."""
    return f"(SELECT nth + {start} AS n FROM {schema}.bench_number WHERE nth < {count}) AS numbers"


def _count_to(most: int, table: str) -> None:
    digits = " CROSS JOIN ".join(f"({DIGITS}) AS d{place}" for place in range(5))
    value = " + ".join(f"d{place}.d * {10**place}" for place in range(5))
    execute(f"CREATE TABLE {table} (nth INT PRIMARY KEY) AS SELECT {value} AS nth FROM {digits} HAVING nth < {most}")


def _number(table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    for nth, row in enumerate(rows):
        execute(f"INSERT INTO {table} VALUES (%s{', %s' * len(row)})", [nth, *row])


def _megabytes(schema: str) -> int:
    sql = "SELECT SUM(data_length + index_length) DIV 1048576 FROM information_schema.tables WHERE table_schema = %s"
    return int(select(sql, [schema])[0][0])


def _data_folder() -> Path:
    folder = Path(select("SELECT @@datadir")[0][0])
    return folder if folder.exists() else Path("/")
