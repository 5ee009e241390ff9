"""Questions about members. Plain selects; names are unsealed here, phones are never shown whole."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import peewee

from models.base import shown
from models.members import Card, Member, Tier
from models.rows import select_keys
from models.rules.phones import masked
from ops import seals


def find(merchant: UUID, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Members of a phone, card, number or last four digits, one more than the page holds."""
    where = [_criterion(merchant, query)]
    if query["after"]:
        where.append(Member.id > query["after"][0])
    return _views(merchant, where, query["limit"] + 1)


def show(merchant: UUID, member: UUID) -> dict[str, Any] | None:
    """One member; None when the merchant has no such one."""
    views = _views(merchant, [Member.id == member], 1)
    return views[0] if views else None


def tiers(merchant: UUID) -> list[dict[str, Any]]:
    """All tiers, the smallest multiplier first."""
    rows = Tier.select().where(Tier.merchant_id == merchant).order_by(Tier.multiplier_bp, Tier.code)
    return [
        {"tier_id": str(row.id), "code": row.code, "name": row.name, "multiplier_bp": row.multiplier_bp} for row in rows
    ]


def _criterion(merchant: UUID, query: dict[str, Any]) -> peewee.Expression:
    if query["phone"]:
        return Member.phone_index == seals.index(merchant, query["phone"])
    if query["last4"]:
        return Member.phone_last4 == query["last4"]
    if query["number"]:
        return Member.number == query["number"]
    holder = Card.select(Card.member_id).where(Card.merchant_id == merchant, Card.code == query["card"])
    return Member.id == holder


def _views(merchant: UUID, where: list[peewee.Expression], most: int) -> list[dict[str, Any]]:
    rows = (
        Member.select(Member, Tier.code.alias("tier"))
        .join(Tier, on=((Tier.merchant_id == Member.merchant_id) & (Tier.id == Member.tier_id)))
        .where(Member.merchant_id == merchant, *where)
        .order_by(Member.id)
        .limit(most)
    )
    members = list(rows.objects())
    cards = _cards(merchant, [member.id for member in members])
    return [_view(merchant, member, cards.get(member.id, [])) for member in members]


def _cards(merchant: UUID, members: list[UUID]) -> dict[UUID, list[str]]:
    found: dict[UUID, list[str]] = {}
    for code, member in select_keys(Card, "code, member_id", [(merchant, m) for m in members], by="member_id"):
        found.setdefault(UUID(bytes=bytes(member)), []).append(code)
    return found


def _view(merchant: UUID, member: Any, cards: list[str]) -> dict[str, Any]:
    return {
        "member_id": str(member.id),
        "number": member.number,
        "name": seals.unseal(merchant, member.name),
        "phone": masked(seals.unseal(merchant, member.phone)) if member.phone else None,
        "tier": member.tier,
        "status": member.status,
        "cards": sorted(cards),
        "enrolled_at": shown(member.enrolled_at),
    }
