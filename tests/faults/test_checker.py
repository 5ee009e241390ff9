"""The checker names every way in which history and database can contradict each other."""

from __future__ import annotations

import random
from collections.abc import Callable
from copy import deepcopy
from uuid import UUID, uuid4

import pytest

from ops.storm.applied import ACCRUE, ROLL_UP, check_applied
from ops.storm.baskets import Baskets
from ops.storm.cases import CHECKOUT
from ops.storm.checker import Injected, check_answers, check_parked
from ops.storm.evidence import Evidence, Parked, Receipt
from ops.storm.expected import expected_sale
from ops.storm.history import FAIL, OK, UNKNOWN, Call, Offer, Told, Window
from ops.storm.shop import Shop, Sku
from schemas.envelope import Actor, body_hash, command_id, followup_id

SHOP = Shop(
    merchant=str(uuid4()),
    store=str(uuid4()),
    tills=[(str(uuid4()), "key")],
    skus=[Sku(str(uuid4()), 250, 100)],
    members=[(str(uuid4()), 10_000)],
)
TILL = SHOP.tills[0][0]
SALE = "01900000-0000-7000-8000-000000000000"


class Scene:
    """One sale of a member: sent, accepted, settled, followed up."""

    def __init__(self) -> None:
        body = Baskets(SHOP, random.Random(1)).fill(1) | {"member_id": SHOP.members[0][0]}
        self.offer = Offer("k1", body)
        self.command = command_id(UUID(SHOP.merchant), Actor(terminal=UUID(TILL)), CHECKOUT, "k1")
        self.told = Told(SHOP, [self.call(1, self.offer, {"state": "pending"})])
        self.receipt = Receipt(CHECKOUT, body_hash(body).hex(), "done", None, {"sale_id": SALE})
        self.found = Evidence(
            receipts={str(self.command): self.receipt, self.followup(ROLL_UP): _done(ROLL_UP)},
            sales={SALE: expected_sale(SHOP, TILL, body)},
        )
        self.found.receipts[self.followup(ACCRUE)] = _done(ACCRUE)

    def call(self, number: int, offer: Offer, answer: dict[str, str], status: int = 202) -> Call:
        """A call that was answered."""
        known = {"key": offer.key, "command_id": str(self.command), **answer}
        outcome = OK if status < 300 else FAIL
        return Call(number, TILL, 0.0, [offer], outcome, status, 0.1, answer.get("code"), [known])

    def followup(self, name: str) -> str:
        """The id of a command that follows from the sale."""
        return str(followup_id(self.command, name))

    def violations(self) -> list[str]:
        """What the checker says."""
        return list(check_applied(self.told, self.found))


def _done(name: str) -> Receipt:
    return Receipt(name, "", "done", None, {})


def _lose_everything(scene: Scene) -> None:
    scene.found = Evidence()


def _lose_the_sale(scene: Scene) -> None:
    scene.found.sales.clear()


def _lose_the_roll_up(scene: Scene) -> None:
    del scene.found.receipts[scene.followup(ROLL_UP)]


def _lose_the_accrual(scene: Scene) -> None:
    del scene.found.receipts[scene.followup(ACCRUE)]


def _double_the_sale(scene: Scene) -> None:
    scene.found.sales[str(uuid4())] = deepcopy(scene.found.sales[SALE])


def _make_up_a_command(scene: Scene) -> None:
    scene.found.receipts[str(uuid4())] = scene.receipt


def _make_up_a_sale(scene: Scene) -> None:
    scene.found.sales[str(uuid4())] = scene.found.sales[SALE] | {"sequence": 99}


def _make_up_a_body(scene: Scene) -> None:
    scene.found.receipts[str(scene.command)] = Receipt(CHECKOUT, "00", "done", None, {"sale_id": SALE})


def _make_up_a_roll_up(scene: Scene) -> None:
    scene.found.receipts[str(uuid4())] = _done(ROLL_UP)


def _change_a_quantity(scene: Scene) -> None:
    sku, quantity, *money = scene.found.sales[SALE]["lines"][0]
    scene.found.sales[SALE]["lines"][0] = (sku, quantity + 1, *money)


def _change_a_tender(scene: Scene) -> None:
    scene.found.sales[SALE]["tenders"].pop()


def _park(scene: Scene) -> None:
    scene.found.parked.append(Parked(str(scene.command), "a bug", b""))


def _refuse(scene: Scene) -> None:
    code = "sales.price_changed"
    scene.found.receipts = {str(scene.command): Receipt(CHECKOUT, scene.receipt.hash, "refused", code, {})}
    scene.found.sales.clear()


def _tell_done_of_a_refusal(scene: Scene) -> None:
    _refuse(scene)
    scene.told.calls.append(scene.call(2, scene.offer, {"state": "done"}, 201))


def _tell_refusal_of_a_sale(scene: Scene) -> None:
    scene.told.calls.append(scene.call(2, scene.offer, {"code": "sales.price_changed"}, 409))


def _tell_another_id(scene: Scene) -> None:
    scene.told.calls.append(scene.call(2, scene.offer, {"command_id": str(uuid4())}))


def _settle_what_was_wrong(scene: Scene) -> None:
    scene.told.calls[0].offers[0] = Offer("k1", scene.offer.body, "sales.tenders_differ")


HARMS: list[tuple[Callable[[Scene], None], str]] = [
    (_lose_everything, "LOST"),
    (_lose_the_sale, "LOST"),
    (_lose_the_roll_up, "LOST"),
    (_lose_the_accrual, "LOST"),
    (_double_the_sale, "DOUBLED"),
    (_make_up_a_command, "MADE UP"),
    (_make_up_a_sale, "MADE UP"),
    (_make_up_a_body, "MADE UP"),
    (_make_up_a_roll_up, "MADE UP"),
    (_change_a_quantity, "CHANGED"),
    (_change_a_tender, "CHANGED"),
    (_park, "PARKED"),
    (_refuse, "WRONG"),
    (_settle_what_was_wrong, "WRONG"),
    (_tell_done_of_a_refusal, "MISTOLD"),
    (_tell_refusal_of_a_sale, "MISTOLD"),
    (_tell_another_id, "MISTOLD"),
]


def test_nothing_is_wrong_with_a_sale_that_was_settled() -> None:
    assert Scene().violations() == []


@pytest.mark.parametrize(("harm", "called"), HARMS, ids=[harm.__name__.strip("_") for harm, _ in HARMS])
def test_harm_is_called_by_its_name(harm: Callable[[Scene], None], called: str) -> None:
    scene = Scene()
    harm(scene)
    violations = scene.violations()
    assert any(violation.startswith(called) for violation in violations), violations


def test_what_was_never_answered_may_be_there_or_not() -> None:
    scene = Scene()
    scene.told.calls[0].outcome, scene.told.calls[0].answers = UNKNOWN, []
    assert scene.violations() == []
    scene.found = Evidence()
    assert scene.violations() == []


def test_only_what_the_storm_put_on_the_queues_may_stand_parked() -> None:
    found = Evidence(parked=[Parked(str(uuid4()), "not a command", b"mark-1"), Parked(str(uuid4()), "a bug", b"")])
    said = list(check_parked(found, Injected({"mark-1": True, "mark-2": True, "mark-3": False})))
    assert [violation.partition(":")[0] for violation in said] == ["PARKED", "LOST"]


def test_an_answer_in_time_is_owed_unless_the_edge_was_held_still() -> None:
    slow = Call(1, TILL, 100.0, [], OK, 202, 5.5)
    broken = Call(2, TILL, 200.0, [], UNKNOWN, 500, 0.1)
    told = Told(SHOP, [slow, broken])
    assert [violation.partition(":")[0] for violation in check_answers(told)] == ["ANSWER", "SLOW"]
    told.windows.append(Window("edge stood still", 99.0, 101.0, mute=True))
    assert [violation.partition(":")[0] for violation in check_answers(told)] == ["ANSWER"]
