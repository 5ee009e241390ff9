"""Sessions: signing in, refresh tokens and those used twice, signing out."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from edge.identity import ACCESS_SECONDS
from edge.keys import RefreshToken, read_refresh_token
from models.base import NOBODY, now
from models.receipts import Receipt
from models.staff import Session
from schemas.envelope import Envelope
from schemas.merchants import Tidy
from schemas.staff import OpenSession, RevokeStaff, RotateSession
from tests.doors import Door, forget_tries
from tests.shops import Api, Shop, deliver_all
from workers.handlers import HANDLERS

STORES = "/v1/merchants/stores"


@pytest.fixture(scope="module")
def door(live: Api) -> Door:
    return Door(live).open()


@pytest.fixture(autouse=True)
def _tries(request: pytest.FixtureRequest) -> None:
    if "live" in request.fixturenames:
        forget_tries()


def session_of(refresh_token: str) -> Any:
    return Session.get(Session.id == read_refresh_token(refresh_token).session)


def test_signing_in_gives_tokens_that_open_the_shop(door: Door) -> None:
    said = door.sign_in("OWNER")
    assert (said.status, said.body["expires_in"]) == (200, ACCESS_SECONDS)
    assert door.live.as_(said.body["access_token"]).get(STORES).body["items"][0]["code"] == "S1"
    assert "Set-Cookie" not in said.headers


def test_what_was_wrong_at_sign_in_is_not_said(door: Door) -> None:
    wrong = [
        door.sign_in(password="wrong").body,
        door.sign_in("nobody").body,
        Door(door.live, "no-such-shop").sign_in().body,
    ]
    assert {(said["status"], said["code"], said["detail"]) for said in wrong} == {
        (401, "identity.wrong", "Merchant, login, password or PIN do not match.")
    }


def test_who_has_no_password_cannot_sign_in_with_any(door: Door) -> None:
    door.hire("pin.only", "cashier", pin="123456")
    assert door.sign_in("pin.only", "123456").status == 401


def test_an_account_is_closed_for_a_while_after_ten_wrong_passwords(door: Door) -> None:
    assert {door.sign_in(password="wrong").status for _ in range(10)} == {401}
    blocked = door.sign_in()
    assert (blocked.status, blocked.body["code"]) == (429, "identity.too_many_tries")
    assert 0 < int(blocked.headers["Retry-After"]) <= 300
    assert blocked.headers["RateLimit-Policy"] == '"tries";q=10;w=300'


def test_a_right_password_begins_the_count_anew(door: Door) -> None:
    for _ in range(3):
        assert {door.sign_in(password="wrong").status for _ in range(9)} == {401}
        assert door.sign_in().status == 200


def test_an_address_that_guesses_at_many_accounts_is_stopped(door: Door) -> None:
    assert {door.sign_in(f"guess{nth}").status for nth in range(60)} == {401}
    assert door.sign_in().status == 429


def test_each_refresh_token_is_exchanged_for_the_next(door: Door) -> None:
    token = door.sign_in().body["refresh_token"]
    for _ in range(3):
        said = door.refresh(token)
        assert said.status == 200
        assert said.body["refresh_token"] != token
        assert door.live.as_(said.body["access_token"]).get(STORES).status == 200
        token = said.body["refresh_token"]


def test_a_refresh_whose_answer_was_lost_may_be_sent_again(door: Door) -> None:
    token = door.sign_in().body["refresh_token"]
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(door.refresh, [token] * 4))
    assert {one.status for one in said} == {200}
    assert len({one.body["refresh_token"] for one in said}) == 1


def test_a_refresh_token_used_again_ends_its_session_for_good(door: Door) -> None:
    first = door.sign_in().body
    second = door.refresh(first["refresh_token"]).body
    third = door.refresh(second["refresh_token"]).body
    assert door.refresh(first["refresh_token"]).body["code"] == "identity.invalid"
    assert door.refresh(third["refresh_token"]).status == 401
    assert door.live.as_(third["access_token"]).get(STORES).status == 401
    assert session_of(third["refresh_token"]).revoked_at is not None
    assert door.sign_in().status == 200


def test_the_token_before_counts_as_stolen_after_half_a_minute(door: Door) -> None:
    first = door.sign_in().body["refresh_token"]
    second = door.refresh(first).body["refresh_token"]
    Session.update(rotated_at=now() - timedelta(seconds=31)).where(
        Session.id == read_refresh_token(first).session
    ).execute()
    assert door.refresh(first).status == 401
    assert door.refresh(second).status == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: "rt_x",
        lambda token: token[:-1] + ("0" if token[-1] != "0" else "1"),
        lambda token: token.replace("_0_", "_1_"),
        lambda token: token.replace("_0_", "_00_"),
        lambda token: str(RefreshToken(uuid4(), read_refresh_token(token).session)),
    ],
)
def test_a_refresh_token_that_is_not_ours_is_worth_nothing(door: Door, spoil: Callable[[str], str]) -> None:
    token = door.sign_in().body["refresh_token"]
    assert door.refresh(spoil(token)).status in (401, 422)
    assert door.refresh(token).status == 200


def test_a_browser_gets_its_refresh_token_where_scripts_cannot_read_it(door: Door) -> None:
    said = door.sign_in(cookie=True)
    assert "refresh_token" not in said.body
    cookie = said.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Strict", "Path=/v1/merchants/refresh", "Max-Age=2592000"):
        assert part in cookie
    value = cookie.partition(";")[0]
    again = door.live.call("POST", "/v1/merchants/refresh", {}, Cookie=value)
    assert (again.status, "refresh_token" in again.body) == (200, False)
    assert again.headers["Set-Cookie"].partition(";")[0] != value
    assert door.live.as_(again.body["access_token"]).get(STORES).status == 200
    assert door.live.call("POST", "/v1/merchants/refresh", {}).status == 401


def test_signing_out_ends_access_and_refresh_at_once(door: Door) -> None:
    said, other = door.sign_in().body, door.sign_in().body
    owner = door.live.as_(said["access_token"])
    assert owner.get(STORES).status == 200
    assert owner.call("POST", "/v1/merchants/sign-out").status == 200
    assert owner.get(STORES).status == 401
    assert door.refresh(said["refresh_token"]).status == 401
    assert door.live.as_(other["access_token"]).get(STORES).status == 200


def test_only_who_signed_in_can_sign_out(live: Api, shop: Shop) -> None:
    assert live.as_(shop.till_token).call("POST", "/v1/merchants/sign-out").status == 403


def test_nobody_signs_in_while_being_revoked(shop: Shop) -> None:
    person = shop.hire("cashier")
    shop.deliver(RevokeStaff, {"staff_id": str(person)})
    opened = shop.deliver(OpenSession, {"staff_id": str(person), "token_hash": "0" * 64})
    assert opened.code == "merchants.unknown_staff"


def test_a_session_lapses_and_is_tidied_away(shop: Shop) -> None:
    ids = [uuid4(), uuid4()]
    for id_ in ids:
        shop.deliver(OpenSession, {"staff_id": str(shop.owner), "token_hash": "0" * 64}, id_)
    Session.update(expires_at=now() - timedelta(seconds=1)).where(Session.id == ids[0]).execute()
    body = {"session_id": str(ids[0]), "old_hash": "0" * 64, "new_hash": "1" * 64}
    assert shop.deliver(RotateSession, body).code == "merchants.session_ended"
    envelope = Envelope(id=uuid4(), name=Tidy.command, merchant=NOBODY, body={"before": now().isoformat()})
    order = HANDLERS[Tidy.command].read(envelope)
    assert not deliver_all([order])
    assert [row.id for row in Session.select().where(Session.merchant_id == shop.merchant)] == [ids[1]]


def test_no_token_key_or_code_stands_in_a_receipt(door: Door) -> None:
    made = door.add_till()
    key = door.enrol(made["enrol_code"]).body["key"]
    token = door.sign_in().body["refresh_token"]
    answers = " ".join(row.answer for row in Receipt.select().where(Receipt.merchant_id == door.merchant))
    for secret in (made["enrol_code"], key.rpartition("_")[2], token.rpartition("_")[2]):
        assert secret not in answers
