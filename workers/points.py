"""Settling the commands of points."""

from __future__ import annotations

from models.points import Earned, EarnRuleRow, EarnState, load_earning, rules_of, write_earned
from models.rules.days import expiry_moment
from models.rules.points import earned, rule_at
from models.rules.refusals import Refused
from schemas.points import Accrue, SetRule
from workers.handlers import BATCH_MAX, Order, handles


@handles(Accrue, batch=BATCH_MAX)
def accrue(orders: list[Order]) -> None:
    """Credit what sales earned: a lot, an entry, the balance."""
    members = [(order.merchant, order.body["member_id"]) for order in orders]
    state = load_earning(members, [(order.merchant, order.body["store_id"]) for order in orders])
    credited = [credit for order in orders if (credit := _credit(state, order)) is not None]
    write_earned(credited)


def _credit(state: EarnState, order: Order) -> Earned | None:
    body = order.body
    multiplier_bp = state.multipliers_bp.get((order.merchant, body["member_id"]))
    if multiplier_bp is None:
        order.refuse(Refused("points.unknown_member"))
        return None
    rule = rule_at(state.rules.get(order.merchant, []), body["sold_at"])
    points = earned(body["base_cents"], rule, multiplier_bp) if rule else 0
    order.done(points=points)
    if rule is None or points == 0:
        return None
    zone = state.stores[order.merchant, body["store_id"]].time_zone
    return Earned(
        merchant=order.merchant,
        command=order.envelope.id,
        member=body["member_id"],
        sale=body["sale_id"],
        points=points,
        rule_version=rule.version,
        at=body["sold_at"],
        expires_at=expiry_moment(body["sold_at"], zone, rule.expiry_months),
    )


@handles(SetRule)
def set_rule(order: Order) -> dict[str, int]:
    """Add a version of the earn rule; it may not take effect before the one it follows."""
    rules = rules_of(order.merchant)
    if any(rule.effective_at >= order.body["effective_at"] for rule in rules):
        raise Refused("points.rule_not_later")
    version = max((rule.version for rule in rules), default=0) + 1
    EarnRuleRow.insert(merchant_id=order.merchant, version=version, **order.body).execute()
    return {"version": version}
