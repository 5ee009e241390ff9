"""Members: enrolled once, found by what they say at the till, and never shown with their whole phone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson

from models import members_read
from models.base import db
from models.members import ACTIVE, Card, Member
from models.points import PointsAccount
from models.receipts import Outcome, Receipt
from models.rules.ids import id_at
from models.rules.members import check_digit, numbers
from models.rules.permissions import PERMISSIONS
from ops.seals import seal, seal_fields
from schemas.members import AddTier, Enrol, SetTier
from schemas.sales import Checkout
from tests.shops import Api, Shop, deliver_all

PHONE = "+8613800138000"


def enrol(shop: Shop, name: str = "Zhang Wei", **more: Any) -> Outcome:
    """Enrol somebody in this process, with the personal fields sealed as the edge seals them."""
    return shop.deliver(Enrol, seal_fields(shop.merchant, {"name": name, **more}, Enrol.personal))


def look_up(shop: Shop, **criterion: str) -> list[dict[str, Any]]:
    query = {"phone": None, "card": None, "last4": None, "number": None, "limit": 50, "after": None}
    return members_read.find(shop.merchant, query | criterion)


def test_a_member_is_found_by_phone_card_last_digits_and_number(shop: Shop) -> None:
    answer = enrol(shop, phone="+86 138 0013 8000", cards=["C-1", "C-2"]).answer
    found = look_up(shop, phone=PHONE)
    assert [(one["member_id"], one["number"], one["name"]) for one in found] == [
        (answer["member_id"], answer["number"], "Zhang Wei")
    ]
    assert (found[0]["phone"], found[0]["cards"], found[0]["tier"]) == ("138****8000", ["C-1", "C-2"], "member")
    assert look_up(shop, card="C-2") == found
    assert look_up(shop, last4="8000") == found
    assert look_up(shop, number=answer["number"]) == found
    assert look_up(shop, card="C-3") == look_up(shop, phone="+8613800138001") == []


def test_name_and_phone_stand_nowhere_in_plain(shop: Shop) -> None:
    answer = enrol(shop, phone=PHONE).answer
    row = Member.get(Member.merchant_id == shop.merchant)
    receipt = Receipt.get(Receipt.merchant_id == shop.merchant)
    stored = repr(row.__data__) + receipt.answer
    assert "Zhang" not in stored
    assert "13800138" not in stored
    assert answer["number"][-1] == check_digit(answer["number"][:-1])


def test_a_phone_belongs_to_one_member_of_a_shop_and_to_as_many_shops_as_it_likes(
    shops: Callable[[], Shop],
) -> None:
    one, other = shops(), shops()
    first = enrol(one, phone=PHONE).answer["member_id"]
    again = enrol(one, "Somebody Else", phone="+86 13800138000")
    assert (again.state, again.code, again.answer) == ("refused", "members.phone_taken", {"member_id": first})
    assert enrol(other, phone=PHONE).state == "done"
    assert [found["member_id"] for found in look_up(one, phone=PHONE)] == [first]


def test_a_card_belongs_to_one_member_and_a_refused_enrolment_leaves_nothing(shop: Shop) -> None:
    first = enrol(shop, cards=["C-1"]).answer["member_id"]
    refused = enrol(shop, "Somebody Else", phone=PHONE, cards=["C-9", "C-1"])
    assert (refused.code, refused.answer) == ("members.card_taken", {"card": "C-1", "member_id": first})
    assert look_up(shop, phone=PHONE) == look_up(shop, card="C-9") == []
    assert enrol(shop, cards=["c-1"]).state == "done"


def test_the_same_enrolment_delivered_twice_makes_one_member(shop: Shop) -> None:
    body = seal_fields(shop.merchant, {"name": "Li Na", "phone": PHONE, "cards": ["C-1"]}, Enrol.personal)
    id_ = uuid4()
    outcomes = [shop.deliver(Enrol, body, id_) for _ in range(2)]
    assert outcomes[0].answer == outcomes[1].answer
    assert (outcomes[0].replayed, outcomes[1].replayed) == (False, True)
    assert Member.select().where(Member.merchant_id == shop.merchant).count() == 1


def test_of_several_enrolments_of_one_phone_at_once_one_succeeds(shop: Shop) -> None:
    def attempt(_: int) -> Outcome:
        try:
            return enrol(shop, phone=PHONE)
        finally:
            db.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sorted(outcome.state for outcome in outcomes) == ["done"] + ["refused"] * 7
    assert {outcome.code for outcome in outcomes} == {None, "members.phone_taken"}


def test_a_number_that_is_taken_gives_way_to_the_next(shop: Shop) -> None:
    order = shop.order(Enrol, seal_fields(shop.merchant, {"name": "Li Na"}, Enrol.personal))
    choices = list(numbers(id_at(order.envelope.at, order.envelope.id)))
    row = {"merchant_id": shop.merchant, "name": seal(shop.merchant, "First"), "tier_id": shop.tiers["member"]}
    for number in choices[:2]:
        Member.insert(**row, id=uuid4(), number=number, status=ACTIVE, enrolled_at=datetime.now(UTC)).execute()
    assert not deliver_all([order])
    assert order.outcome is not None
    assert order.outcome.answer["number"] == choices[2]


def test_a_tier_is_the_shops_own(shops: Callable[[], Shop]) -> None:
    one, other = shops(), shops()
    assert one.deliver(AddTier, {"code": "vip", "name": "VIP", "multiplier_bp": 20_000}).state == "done"
    assert one.deliver(AddTier, {"code": "vip", "name": "VIP", "multiplier_bp": 1}).code == "members.tier_taken"
    assert enrol(one, tier="vip").state == "done"
    assert enrol(other, tier="vip").code == "members.unknown_tier"
    assert [tier["code"] for tier in members_read.tiers(one.merchant)] == ["member", "gold", "vip"]


def test_points_follow_the_tier_a_member_was_moved_to(shop: Shop) -> None:
    member = UUID(enrol(shop).answer["member_id"])
    assert shop.deliver(SetTier, {"member_id": str(member), "tier": "gold"}).state == "done"
    shop.deliver(Checkout, shop.basket(4, member=member))
    shop.settle_followups()
    shown = members_read.show(shop.merchant, member)
    assert shown is not None
    assert shown["tier"] == "gold"
    assert PointsAccount.get(PointsAccount.merchant_id == shop.merchant).balance == 15


def test_another_shops_member_can_be_neither_seen_nor_moved(shops: Callable[[], Shop]) -> None:
    one, other = shops(), shops()
    member = enrol(one, phone=PHONE, cards=["C-1"]).answer["member_id"]
    assert members_read.show(other.merchant, UUID(member)) is None
    assert look_up(other, phone=PHONE) == look_up(other, card="C-1") == look_up(other, last4="8000") == []
    assert other.deliver(SetTier, {"member_id": member, "tier": "gold"}).code == "members.unknown_member"


def test_whoever_may_enrol_may_look_members_up(shop: Shop) -> None:
    """A refused enrolment names the member who has the phone."""
    assert all("members.read" in may for may in PERMISSIONS.values() if "members.enrol" in may)


def test_a_till_enrols_and_finds_over_http(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    made = till.post("/v1/members", {"name": "王伟", "phone": PHONE, "cards": ["C-1"]})
    assert (made.status, made.body["state"]) == (201, "done")
    found = till.get("/v1/members?phone=%2B8613800138000")
    assert (found.status, [one["name"] for one in found.body["items"]]) == (200, ["王伟"])
    assert till.get("/v1/members?phone=+8613800138000").body == found.body
    assert till.get(f"/v1/members/{made.body['member_id']}").body == found.body["items"][0]
    assert PHONE not in orjson.dumps(found.body).decode()


def test_a_till_enrols_into_the_first_tier_only(live: Api, shop: Shop) -> None:
    till, manager = live.as_(shop.till_token), live.as_(shop.token_of(shop.hire("manager")))
    assert till.post("/v1/members", {"name": "A", "tier": "member"}).status == 201
    refused = till.post("/v1/members", {"name": "A", "tier": "gold"})
    assert (refused.status, refused.body["code"]) == (403, "identity.forbidden")
    gold = manager.post("/v1/members", {"name": "A", "tier": "gold"})
    assert gold.status == 201
    path = f"/v1/members/{gold.body['member_id']}/tier"
    assert till.post(path, {"tier": "member"}).status == 403
    assert manager.post(path, {"tier": "member"}).body["tier"] == "member"
    assert manager.post("/v1/members/tiers", {"code": "x", "name": "X", "multiplier_bp": 1}).status == 403
    owner = live.as_(shop.owner_token)
    assert owner.post("/v1/members/tiers", {"code": "x", "name": "X", "multiplier_bp": 1}).status == 201
    assert {tier["code"] for tier in till.get("/v1/members/tiers").body["items"]} == {"member", "gold", "x"}


def test_every_bad_field_is_named(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    bad = {"name": "A\n", "phone": "138 0013 8000", "cards": ["ok", "not ok"], "birthday": "1990-01-01", "tier": 1}
    answered = live.as_(shop.owner_token).post("/v1/members", bad)
    pointers = {error["pointer"] for error in answered.body["errors"]}
    assert (answered.status, pointers) == (422, {"/name", "/phone", "/cards/1", "/birthday", "/tier"})
    twice = till.post("/v1/members", {"name": "A", "cards": ["C", "C"]})
    assert [error["pointer"] for error in twice.body["errors"]] == ["/cards"]
    for query in ("", "?phone=%2B8613800138000&card=C", "?last4=80", "?phone=138", "?cursor=x&card=%00"):
        assert till.get(f"/v1/members{query}").status in {400, 422}, query


def test_many_with_the_same_last_digits_come_page_by_page(live: Api, shop: Shop) -> None:
    till = live.as_(shop.till_token)
    made = [
        enrol(shop, f"Member {nth}", phone=f"+8613{nth:05d}8000"[:14]).answer["member_id"]
        for nth in range(80001, 80006)
    ]
    seen: list[str] = []
    page = till.get("/v1/members?last4=8000&limit=2")
    while True:
        seen += [one["member_id"] for one in page.body["items"]]
        if page.body["next_cursor"] is None:
            break
        page = till.get(f"/v1/members?last4=8000&limit=2&cursor={page.body['next_cursor']}")
    assert seen == sorted(made)
    assert Card.select().where(Card.merchant_id == shop.merchant).count() == 0
