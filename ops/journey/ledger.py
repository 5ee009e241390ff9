"""What the database does hold, read by plain connections and told in the shop's own names.

No model is used: the statements stand here, so that a mistake in a model cannot hide itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import SSCursor

from ops.journey.expect import Table
from ops.journey.rows import Complaint

AS_WRITTEN = (FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATE)


@dataclass(frozen=True)
class View:
    """A table as it is compared. A column `id:basket` is an id told by the name it stands for."""

    table: str
    key: str
    values: str
    where: str = ""


VIEWS = {
    "store": View("store", "code", "time_zone day_cutoff_minutes"),
    "sku": View("sku", "code", "product_id:product unit price_cents cost_cents"),
    "member": View("member", "id:card", "tier_id:tier status"),
    "delivery": View("stock_movement", "store_id:store sku_id:sku", "quantity_milli", "kind <> 'sale'"),
    "sale": View(
        "sale",
        "id:basket",
        "store_id:store member_id:card mode state sold_at business_date hour"
        " gross_cents discount_cents net_cents cost_cents variance_cents items_milli",
    ),
    "sale_line": View(
        "sale_line",
        "sale_id:basket line",
        "sku_id:sku quantity_milli gross_cents discount_cents net_cents cost_cents variance_cents",
    ),
    "sale_tender": View("sale_tender", "sale_id:basket line", "kind amount_cents change_cents reference"),
    "stock_movement": View(
        "stock_movement",
        "source_id:basket line",
        "store_id:store sku_id:sku kind quantity_milli",
        "kind = 'sale'",
    ),
    "stock": View("stock", "store_id:store sku_id:sku", "quantity_milli"),
    "points_lot": View("points_lot", "sale_id:basket", "member_id:card points remaining state earned_at expires_at"),
    "points_entry": View("points_entry", "sale_id:basket", "member_id:card kind points at"),
    "points_account": View("points_account", "member_id:card", "balance"),
    "sales_by_hour": View(
        "sales_by_hour",
        "store_id:store business_date hour",
        "tickets member_tickets items_milli gross_cents discount_cents net_cents member_net_cents cost_cents"
        " variance_cents",
    ),
    "sales_by_product": View(
        "sales_by_product",
        "store_id:store business_date sku_id:sku",
        "tickets quantity_milli gross_cents discount_cents net_cents cost_cents",
    ),
    "sales_by_member": View("sales_by_member", "member_id:card business_date", "tickets items_milli net_cents"),
    "member_summary": View("member_summary", "member_id:card", "visits spend_cents first_visit_at last_visit_at"),
}
UNBALANCED = {
    "balance = entries": (
        "SELECT member_id, SUM(points) FROM ("
        " SELECT member_id, balance AS points FROM points_account WHERE merchant_id = {hole}"
        " UNION ALL SELECT member_id, -points FROM points_entry WHERE merchant_id = {hole}"
        ") AS parts GROUP BY member_id HAVING SUM(points) <> 0"
    ),
    "balance = remaining lots": (
        "SELECT member_id, SUM(points) FROM ("
        " SELECT member_id, balance AS points FROM points_account WHERE merchant_id = {hole}"
        " UNION ALL SELECT member_id, -remaining FROM points_lot WHERE merchant_id = {hole}"
        ") AS parts GROUP BY member_id HAVING SUM(points) <> 0"
    ),
    "stock = movements": (
        "SELECT store_id, sku_id, SUM(quantity_milli) FROM ("
        " SELECT store_id, sku_id, quantity_milli FROM stock WHERE merchant_id = {hole}"
        " UNION ALL SELECT store_id, sku_id, -quantity_milli FROM stock_movement WHERE merchant_id = {hole}"
        ") AS parts GROUP BY store_id, sku_id HAVING SUM(quantity_milli) <> 0"
    ),
}


class NoMerchant(Complaint):
    """The database holds no merchant of that code."""


@dataclass
class Ledger:
    """One merchant's rows. `baskets` names a sale by (terminal id, sequence)."""

    connection: Any
    hole: str
    merchant: bytes = b""
    names: dict[str, Mapping[Any, Any]] = field(default_factory=dict)

    def rows(self, sql: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Rows of a statement, as they come."""
        cursor = self.connection.cursor()
        cursor.execute(sql.replace("{hole}", self.hole), values)
        yield from cursor
        cursor.close()

    def find(self, code: str) -> None:
        """Take the merchant of that code."""
        found = [bytes(row[0]) for row in self.rows("SELECT id FROM merchant WHERE code = {hole}", code)]
        if not found:
            raise NoMerchant(f"there is no merchant {code!r} in this database: replay first")
        self.merchant = found[0]

    def know(self, baskets: Mapping[tuple[bytes, int], str]) -> None:
        """Learn what every id stands for; a sale is known by its terminal and sequence."""
        self.names = {
            "store": self._pairs("SELECT id, code FROM store"),
            "sku": self._pairs("SELECT id, code FROM sku"),
            "product": self._pairs("SELECT id, name FROM product"),
            "tier": self._pairs("SELECT id, code FROM tier"),
            "card": self._pairs("SELECT member_id, code FROM card"),
            "basket": {sale: baskets.get(place) for sale, place in self.sales().items()},
        }

    def sales(self) -> dict[bytes, tuple[bytes, int]]:
        """Terminal id and sequence of every sale."""
        sql = "SELECT id, terminal_id, sequence FROM sale WHERE merchant_id = {hole}"
        return {bytes(sale): (bytes(till), int(number)) for sale, till, number in self.rows(sql, self.merchant)}

    def table(self, name: str) -> Table:
        """A table in the shop's names; a key met again is kept apart, so that nothing doubled can hide."""
        view = VIEWS[name]
        columns = [column.partition(":")[::2] for column in f"{view.key} {view.values}".split()]
        width = len(view.key.split())
        listed = ", ".join(column for column, _ in columns)
        where = f" AND {view.where}" if view.where else ""
        sql = f"SELECT {listed} FROM {view.table} WHERE merchant_id = {{hole}}{where}"
        kinds = [kind for _, kind in columns]
        found: Table = {}
        for row in self.rows(sql, self.merchant):
            told = tuple(map(self._tell, kinds, row))
            key = told[:width]
            while key in found:
                key = (*key, "again")
            found[key] = told[width:]
        return found

    def unbalanced(self, check: str) -> list[tuple[Any, ...]]:
        """Rows that contradict each other under one of the `UNBALANCED` checks."""
        return [
            tuple(part.hex() if isinstance(part, bytes) else part for part in row)
            for row in self.rows(UNBALANCED[check], self.merchant, self.merchant)
        ]

    def receipts(self) -> dict[str, int]:
        """How many commands are settled, by name and state."""
        sql = "SELECT name, state, COUNT(*) FROM receipt WHERE merchant_id = {hole} GROUP BY name, state"
        return {f"{name} {state}": int(count) for name, state, count in self.rows(sql, self.merchant)}

    def waiting(self) -> int:
        """How many follow-ups of the merchant wait for the relay; the outbox knows merchants by their messages."""
        sql = "SELECT COUNT(*) FROM outbox WHERE INSTR(body, {hole}) > 0"
        return int(next(self.rows(sql, str(UUID(bytes=self.merchant)).encode()))[0])

    def parked(self) -> int:
        """How many of the merchant's commands stand parked."""
        return int(next(self.rows("SELECT COUNT(*) FROM parked WHERE merchant_id = {hole}", self.merchant))[0])

    def _pairs(self, sql: str) -> dict[bytes, str]:
        rows = self.rows(f"{sql} WHERE merchant_id = {{hole}}", self.merchant)
        return {bytes(id_): name for id_, name in rows}

    def _tell(self, kind: str, value: Any) -> Any:
        if not kind:
            return value
        known = self.names[kind].get(value)
        return f"unknown {kind} {value.hex() if value else value}" if known is None else known


def open_ledger(url: str) -> Ledger:
    """Open a database by its address, reading only as far as it allows."""
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        return Ledger(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30), "?")
    parts = urlsplit(url)
    connection = pymysql.connect(
        autocommit=True,
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=parts.path.lstrip("/"),
        conv=_decoders(),
        cursorclass=SSCursor,
    )
    return Ledger(connection, "%s")


def _decoders() -> dict[Any, Any]:
    """Times and dates stay as written, sums are whole numbers."""
    decoders: dict[Any, Any] = dict(conversions)
    return decoders | dict.fromkeys(AS_WRITTEN, str) | {FIELD_TYPE.NEWDECIMAL: int}


def terminal_key(terminal: str) -> bytes:
    """A terminal's id as the database keys it."""
    return UUID(terminal).bytes
