"""Questions about points. Plain selects; nothing is changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from models.base import shown
from models.members import Member
from models.points import PointsAccount, PointsEntry, PointsLot, rules_of

ENTRIES_SHOWN = 50


def show(merchant: UUID, member: UUID) -> dict[str, Any] | None:
    """Balance, open lots nearest expiry first, latest entries; None when there is no such member."""
    if Member.get_or_none(Member.merchant_id == merchant, Member.id == member) is None:
        return None
    account = PointsAccount.get_or_none(PointsAccount.merchant_id == merchant, PointsAccount.member_id == member)
    lots = (
        PointsLot.select()
        .where(PointsLot.merchant_id == merchant, PointsLot.member_id == member, PointsLot.remaining > 0)
        .order_by(PointsLot.expires_at.is_null(), PointsLot.expires_at, PointsLot.earned_at)
    )
    entries = (
        PointsEntry.select()
        .where(PointsEntry.merchant_id == merchant, PointsEntry.member_id == member)
        .order_by(PointsEntry.at.desc(), PointsEntry.id)
        .limit(ENTRIES_SHOWN)
    )
    return {
        "member_id": str(member),
        "balance": account.balance if account else 0,
        "lots": [_lot(lot) for lot in lots],
        "entries": [_entry(entry) for entry in entries],
    }


def rules(merchant: UUID) -> list[dict[str, Any]]:
    """All versions of the earn rule, oldest first."""
    return [
        {
            "version": rule.version,
            "effective_at": shown(rule.effective_at),
            "cents_per_point": rule.cents_per_point,
            "expiry_months": rule.expiry_months,
        }
        for rule in rules_of(merchant)
    ]


def _lot(lot: PointsLot) -> dict[str, Any]:
    return {
        "lot_id": str(lot.id),
        "points": lot.points,
        "remaining": lot.remaining,
        "state": lot.state,
        "earned_at": shown(lot.earned_at),
        "expires_at": shown(lot.expires_at),
    }


def _entry(entry: PointsEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "points": entry.points,
        "sale_id": str(entry.sale_id) if entry.sale_id else None,
        "rule_version": entry.rule_version,
        "at": shown(entry.at),
    }
