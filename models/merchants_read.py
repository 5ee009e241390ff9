"""Questions about merchants, stores and tills. Plain selects; nothing is changed, no secret is shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import peewee

from models.base import shown
from models.merchants import Store, Terminal


def stores(merchant: UUID, only: UUID | None, after: list[UUID] | None, most: int) -> list[dict[str, Any]]:
    """Stores, oldest first, from after an id on; `only` one of them for who is held to it."""
    where = [Store.merchant_id == merchant] + ([Store.id == only] if only else [])
    return [
        {
            "store_id": str(row.id),
            "code": row.code,
            "name": row.name,
            "time_zone": row.time_zone,
            "day_cutoff_minutes": row.day_cutoff_minutes,
        }
        for row in _after(Store, where, after, most)
    ]


def terminals(merchant: UUID, store: UUID | None, after: list[UUID] | None, most: int) -> list[dict[str, Any]]:
    """Tills of a store, or all, oldest first, from after an id on."""
    where = [Terminal.merchant_id == merchant] + ([Terminal.store_id == store] if store else [])
    return [
        {
            "terminal_id": str(row.id),
            "store_id": str(row.store_id),
            "name": row.name,
            "created_at": shown(row.created_at),
            "enrol_until": None if row.key_hash else shown(row.enrol_until),
            "enrolled_at": shown(row.enrolled_at),
            "revoked_at": shown(row.revoked_at),
        }
        for row in _after(Terminal, where, after, most)
    ]


def store_of_terminal(merchant: UUID, terminal: UUID) -> UUID | None:
    """Where a till stands; None when the merchant has no such till."""
    row = Terminal.get_or_none(Terminal.merchant_id == merchant, Terminal.id == terminal)
    return row.store_id if row else None


def terminal_of_code(enrol_hash: bytes) -> tuple[UUID, UUID] | None:
    """(merchant, till) that an enrolment code was made for, spent or not."""
    row = Terminal.get_or_none(Terminal.enrol_hash == enrol_hash)
    return (row.merchant_id, row.id) if row else None


def has_key(merchant: UUID, terminal: UUID, key_hash: bytes) -> bool:
    """Whether a till is enrolled with a key and not revoked."""
    row = Terminal.get_or_none(Terminal.merchant_id == merchant, Terminal.id == terminal)
    return bool(row and row.revoked_at is None and row.key_hash and bytes(row.key_hash) == key_hash)


def _after(table: Any, where: list[peewee.Expression], after: list[UUID] | None, most: int) -> Any:
    where = [*where, table.id > after[0]] if after else where
    return table.select().where(*where).order_by(table.id).limit(most)
