"""Points: what a sale earns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

ONCE_BP = 10_000


@dataclass(frozen=True, slots=True)
class EarnRule:
    """One version of how points are earned: a point per `cents_per_point`, lapsing after `expiry_months`."""

    version: int
    effective_at: datetime
    cents_per_point: int
    expiry_months: int | None


def rule_at(rules: list[EarnRule], moment: datetime) -> EarnRule | None:
    """The rule in force at a moment: the latest that had taken effect."""
    in_force = [rule for rule in rules if rule.effective_at <= moment]
    return max(in_force, key=lambda rule: (rule.effective_at, rule.version), default=None)


def earned(base_cents: int, rule: EarnRule, multiplier_bp: int = ONCE_BP) -> int:
    """Whole points for what was paid; the part-point is dropped, once per sale."""
    return base_cents * multiplier_bp // (rule.cents_per_point * ONCE_BP)
