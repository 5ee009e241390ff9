"""What a database holds of a storm's shop, read with a reader of our own rather than through the models."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from ops.journey.ledger import Ledger, open_ledger

HEADER = (
    "store_id terminal_id sequence member_id mode sold_at business_date hour gross_cents discount_cents net_cents"
    " cost_cents variance_cents items_milli"
)
LINE = "sku_id quantity_milli gross_cents discount_cents net_cents cost_cents variance_cents"
TENDER = "kind amount_cents change_cents reference"

Content = dict[str, Any]
"""A sale's header by column, its `lines` and its `tenders` as lists of tuples in order; ids as text."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was settled under a command's id."""

    name: str
    hash: str
    state: str
    code: str | None
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parked:
    """What stands parked, of whichever merchant."""

    command: str
    reason: str
    body: bytes


@dataclass
class Evidence:
    """Everything of one merchant, by id, and what the installation still owes or has put aside."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    sales: dict[str, Content] = field(default_factory=dict)
    parked: list[Parked] = field(default_factory=list)
    owed: int = 0


def open_shop_ledger(url: str, merchant: str) -> Ledger:
    """A reader of one merchant's rows; a fresh one sees the present."""
    ledger = open_ledger(url)
    ledger.merchant = UUID(merchant).bytes
    return ledger


def gather(ledger: Ledger) -> Evidence:
    """Read it all."""
    return Evidence(
        receipts=dict(_receipts(ledger)),
        sales=_sales(ledger),
        parked=list(_parked(ledger)),
        owed=int(next(ledger.rows("SELECT COUNT(*) FROM outbox"))[0]),
    )


def rows(ledger: Ledger, table: str, columns: str, where: str = "") -> Iterator[tuple[Any, ...]]:
    """Columns of the merchant's rows of a table, ids as text."""
    listed = ", ".join(columns.split())
    sql = f"SELECT {listed} FROM {table} WHERE merchant_id = {{hole}}{where and f' AND {where}'}"
    for row in ledger.rows(sql, ledger.merchant):
        yield tuple(_readable(value) for value in row)


def _readable(value: Any) -> Any:
    return str(UUID(bytes=value)) if isinstance(value, bytes) and len(value) == 16 else value


def _receipts(ledger: Ledger) -> Iterator[tuple[str, Receipt]]:
    for id_, name, hash_, state, code, answer in rows(ledger, "receipt", "id name body_hash state code answer"):
        yield id_, Receipt(name, hash_.hex(), state, code, orjson.loads(answer))


def _parked(ledger: Ledger) -> Iterator[Parked]:
    for command, reason, body in ledger.rows("SELECT command_id, reason, body FROM parked"):
        yield Parked(_readable(command), reason, bytes(body))


def _sales(ledger: Ledger) -> dict[str, Content]:
    lines = _by_sale(ledger, "sale_line", LINE)
    tenders = _by_sale(ledger, "sale_tender", TENDER)
    return {
        id_: dict(zip(HEADER.split(), header, strict=True)) | {"lines": lines[id_], "tenders": tenders[id_]}
        for id_, *header in rows(ledger, "sale", f"id {HEADER}")
    }


def _by_sale(ledger: Ledger, table: str, columns: str) -> dict[str, list[tuple[Any, ...]]]:
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for sale, _, *values in sorted(rows(ledger, table, f"sale_id line {columns}"), key=lambda row: row[:2]):
        found[sale].append(tuple(values))
    return found
