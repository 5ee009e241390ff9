"""Points: append-only entries, lots with their expiry, and the balance that both must prove."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import peewee

from models.base import IdField, MomentField, Row, db, moment
from models.members import Member
from models.merchants import Store
from models.rows import insert_rows, select, select_keys, upsert_rows
from models.rules.points import EarnRule
from models.rules.sales import StoreFacts

AVAILABLE = "available"


class EarnRuleRow(Row):
    """A version of how points are earned, from a moment on. Versions are added, never changed."""

    merchant_id = IdField()
    version = peewee.IntegerField()
    effective_at = MomentField()
    cents_per_point = peewee.BigIntegerField()
    expiry_months = peewee.IntegerField(null=True)

    class Meta:
        """Versions count up within the merchant."""

        primary_key = peewee.CompositeKey("merchant_id", "version")
        table_name = "earn_rule"


class PointsAccount(Row):
    """A member's balance: the sum of the entries, and of what remains in the lots."""

    merchant_id = IdField()
    member_id = IdField()
    balance = peewee.BigIntegerField()

    class Meta:
        """One account per member."""

        primary_key = peewee.CompositeKey("merchant_id", "member_id")


class PointsLot(Row):
    """Points earned at once, with their own expiry; a sale's lot has the sale's id."""

    merchant_id = IdField()
    id = IdField()
    member_id = IdField()
    sale_id = IdField(null=True)
    points = peewee.BigIntegerField()
    remaining = peewee.BigIntegerField()
    state = peewee.CharField(10)
    earned_at = MomentField()
    expires_at = MomentField(null=True)

    class Meta:
        """Lots are drawn by member, nearest expiry first."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = ((("merchant_id", "member_id", "expires_at"), False),)


class PointsEntry(Row):
    """One movement of points; never changed, only answered by another. Its id is that of its command."""

    merchant_id = IdField()
    id = IdField()
    member_id = IdField()
    lot_id = IdField()
    kind = peewee.CharField(10)
    points = peewee.BigIntegerField()
    sale_id = IdField(null=True)
    rule_version = peewee.IntegerField(null=True)
    at = MomentField()

    class Meta:
        """Statements read a member's entries in order."""

        primary_key = peewee.CompositeKey("merchant_id", "id")
        indexes = ((("merchant_id", "member_id", "id"), False),)


@dataclass(slots=True)
class EarnState:
    """What a batch of accruals needs to know."""

    rules: dict[UUID, list[EarnRule]]
    multipliers_bp: dict[tuple[UUID, UUID], int]
    stores: dict[tuple[UUID, UUID], StoreFacts]


@dataclass(frozen=True, slots=True)
class Earned:
    """Points a sale earned: one lot and one entry."""

    merchant: UUID
    command: UUID
    member: UUID
    sale: UUID
    points: int
    rule_version: int
    at: datetime
    expires_at: datetime | None


def load_earning(members: list[tuple[UUID, UUID]], stores: list[tuple[UUID, UUID]]) -> EarnState:
    """Rules of the merchants, multipliers of the members' tiers, zones of the stores."""
    merchants = sorted({merchant for merchant, _ in members})
    tiers = {
        (UUID(bytes=bytes(m)), bytes(id_)): bp
        for m, id_, bp in select(
            f"SELECT merchant_id, id, multiplier_bp FROM tier WHERE {_among(merchants)}", merchants
        )
    }
    placed = select_keys(Member, "merchant_id, id, tier_id", members)
    zones = select_keys(Store, "merchant_id, id, time_zone, day_cutoff_minutes", stores)
    return EarnState(
        rules=_rules(merchants),
        multipliers_bp={
            (UUID(bytes=bytes(m)), UUID(bytes=bytes(id_))): tiers[UUID(bytes=bytes(m)), bytes(tier)]
            for m, id_, tier in placed
        },
        stores={
            (UUID(bytes=bytes(m)), UUID(bytes=bytes(id_))): StoreFacts(zone, cutoff) for m, id_, zone, cutoff in zones
        },
    )


def write_earned(earned: list[Earned]) -> None:
    """Write lots and entries, then add to the balances in key order."""
    insert_rows(
        PointsLot,
        [(e.merchant, e.sale, e.member, e.sale, e.points, e.points, AVAILABLE, e.at, e.expires_at) for e in earned],
    )
    insert_rows(
        PointsEntry,
        [(e.merchant, e.command, e.member, e.sale, "earn", e.points, e.sale, e.rule_version, e.at) for e in earned],
    )
    sums: dict[tuple[UUID, UUID], int] = {}
    for e in earned:
        sums[e.merchant, e.member] = sums.get((e.merchant, e.member), 0) + e.points
    upsert_rows(PointsAccount, [(*key, points) for key, points in sums.items()])


def rules_of(merchant: UUID) -> list[EarnRule]:
    """A merchant's earn rules, oldest first."""
    return _rules([merchant]).get(merchant, [])


def rebuilt_balances(merchant: UUID) -> list[tuple[UUID, int, int, int]]:
    """Where a balance is not what its entries and lots say: (member, balance, Σ entries, Σ remaining)."""
    hole = db.param
    sql = (
        "SELECT member_id, SUM(balance), SUM(entries), SUM(remaining) FROM ("
        f" SELECT member_id, balance, 0 AS entries, 0 AS remaining FROM points_account WHERE merchant_id = {hole}"
        f" UNION ALL SELECT member_id, 0, points, 0 FROM points_entry WHERE merchant_id = {hole}"
        f" UNION ALL SELECT member_id, 0, 0, remaining FROM points_lot WHERE merchant_id = {hole}"
        ") AS parts GROUP BY member_id HAVING SUM(balance) <> SUM(entries) OR SUM(balance) <> SUM(remaining)"
    )
    rows = select(sql, [merchant] * 3)
    return [(UUID(bytes=bytes(member)), int(b), int(e), int(r)) for member, b, e, r in rows]


def _among(merchants: list[UUID]) -> str:
    return f"merchant_id IN ({', '.join([db.param] * len(merchants))})"


def _rules(merchants: list[UUID]) -> dict[UUID, list[EarnRule]]:
    rows = select(
        "SELECT merchant_id, version, effective_at, cents_per_point, expiry_months FROM earn_rule"
        f" WHERE {_among(merchants)} ORDER BY version",
        merchants,
    )
    found: dict[UUID, list[EarnRule]] = {}
    for merchant, version, since, cents, months in rows:
        found.setdefault(UUID(bytes=bytes(merchant)), []).append(EarnRule(version, moment(since), cents, months))
    return found
