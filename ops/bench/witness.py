"""Reading from the receipts when what was settled: the moments from which every pace is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Protocol
from uuid import UUID

from models.base import moment
from models.rows import select

Commits = list[tuple[datetime, int]]
"""Moment and number of what was settled at it, in order of time. A batch has one moment."""

IDS_AT_ONCE = 500


class Witness(Protocol):
    """Somebody who can say how far the workers are."""

    def begun(self) -> bool:
        """Whether anything is settled."""

    def count(self) -> int:
        """How much is settled."""

    def commits(self) -> Commits:
        """When it was."""


@dataclass(frozen=True, slots=True)
class OfMerchant:
    """Commands of one name of a merchant who has no others."""

    merchant: UUID
    name: str

    def begun(self) -> bool:
        """Whether anything is settled."""
        sql = "SELECT 1 FROM receipt WHERE merchant_id = %s AND name = %s LIMIT 1"
        return bool(select(sql, [self.merchant, self.name]))

    def count(self) -> int:
        """How much is settled."""
        return sum(number for _, number in self.commits())

    def commits(self) -> Commits:
        """When it was."""
        rows = select(
            "SELECT settled_at, COUNT(*) FROM receipt WHERE merchant_id = %s AND name = %s AND state = 'done'"
            " GROUP BY settled_at ORDER BY settled_at",
            [self.merchant, self.name],
        )
        return [(moment(at), int(number)) for at, number in rows]


@dataclass(frozen=True, slots=True)
class OfCommands:
    """Commands known by their ids, settled in this order by one worker, among millions of others in `schema`."""

    schema: str
    merchant: UUID
    ids: Sequence[UUID]

    def begun(self) -> bool:
        """Whether the first is settled."""
        return bool(self._settled(self.ids[:1]))

    def count(self) -> int:
        """All when the last is settled, else what is certain: the first."""
        return len(self.ids) if self._settled(self.ids[-1:]) else 1

    def commits(self) -> Commits:
        """When each was."""
        starts = range(0, len(self.ids), IDS_AT_ONCE)
        moments = sorted(at for start in starts for at in self._settled(self.ids[start : start + IDS_AT_ONCE]))
        return [(at, len(list(same))) for at, same in groupby(moments)]

    def _settled(self, ids: Sequence[UUID]) -> list[datetime]:
        holes = ", ".join(["%s"] * len(ids))
        sql = f"SELECT settled_at FROM {self.schema}.receipt WHERE merchant_id = %s AND id IN ({holes})"
        return [moment(at) for (at,) in select(f"{sql} AND state = 'done'", [self.merchant, *ids])]
