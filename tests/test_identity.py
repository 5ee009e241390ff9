"""Who is calling: signing in, tokens, sessions, PINs, and being shut out at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPConnection
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest

from edge.identity import ACCESS_SECONDS, AUDIENCE, ISSUER, SHIFT_SECONDS, key_id
from edge.keys import ALPHABET, RefreshToken, enrol_code, read_refresh_token, read_terminal_key, terminal_key
from edge.passwords import hashed, matches
from models.base import NOBODY, db, now
from models.receipts import Outcome, Receipt
from models.staff import Session, Staff
from ops.seals import seal
from ops.settings import settings
from schemas.envelope import Envelope
from schemas.merchants import Tidy
from schemas.staff import AddStaff, ChangeRole, OpenSession, RevokeStaff, RotateSession
from tests.doors import PASSWORD, Door, forget_tries
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


def test_a_revoked_person_is_shut_out_everywhere_at_once(door: Door) -> None:
    person = door.hire("carla", "manager", password=PASSWORD, pin="4711")
    _, key = door.till()
    signed_in = door.sign_in("carla").body
    at_till = door.at_till(key).call("POST", "/v1/merchants/terminals/cashier", {"login": "carla", "pin": "4711"})
    callers = [door.live.as_(signed_in["access_token"]), door.live.as_(at_till.body["access_token"])]
    assert [caller.get(STORES).status for caller in callers] == [200, 200]
    assert door.owner().call("POST", f"/v1/merchants/staff/{person}/revoke").status == 200
    assert [caller.get(STORES).status for caller in callers] == [401, 401]
    assert door.refresh(signed_in["refresh_token"]).status == 401
    assert door.sign_in("carla").status == 401
    again = door.at_till(key).call("POST", "/v1/merchants/terminals/cashier", {"login": "carla", "pin": "4711"})
    assert again.body["code"] == "identity.wrong"


def test_another_role_holds_from_the_next_request_on(door: Door) -> None:
    person = door.hire("dora", "cashier", password=PASSWORD)
    dora = door.live.as_(door.sign_in("dora").body["access_token"])
    assert dora.get("/v1/merchants/terminals").status == 403
    owner = door.owner()
    assert owner.call("POST", f"/v1/merchants/staff/{person}/role", {"role": "manager"}).status == 200
    assert dora.get("/v1/merchants/terminals").status == 200
    assert dora.get("/v1/merchants/staff").status == 403
    owner.call("POST", f"/v1/merchants/staff/{person}/role", {"role": "cashier"})
    assert dora.get("/v1/merchants/terminals").status == 403


def test_a_cashier_works_at_the_tills_of_their_store_only(door: Door) -> None:
    second = door.owner().post(STORES, {"code": "S2", "name": "Second", "time_zone": "Europe/Paris"}).body["store_id"]
    door.hire("emil", "cashier", pin="1234", store_id=second)
    person = door.hire("fay", "cashier", pin="1234", store_id=door.ids["store_id"])
    _, key = door.till()
    till = door.at_till(key)
    refused = till.call("POST", "/v1/merchants/terminals/cashier", {"login": "emil", "pin": "1234"})
    assert (refused.status, refused.body["code"]) == (403, "identity.other_store")
    said = till.call("POST", "/v1/merchants/terminals/cashier", {"login": "FAY", "pin": "1234"})
    assert (said.status, said.body["expires_in"]) == (200, SHIFT_SECONDS)
    fay = door.live.as_(said.body["access_token"])
    assert [store["code"] for store in fay.get(STORES).body["items"]] == ["S1"]
    moved = {"role": "cashier", "store_id": second}
    assert door.owner().call("POST", f"/v1/merchants/staff/{person}/role", moved).status == 200
    assert fay.get(STORES).status == 401


def test_a_pin_is_guessed_at_five_times_at_most(door: Door) -> None:
    door.hire("gus", "cashier", pin="8642")
    tills = [door.at_till(door.till()[1]) for _ in range(2)]

    def attempt(till: Api, pin: str) -> int:
        return till.call("POST", "/v1/merchants/terminals/cashier", {"login": "gus", "pin": pin}).status

    assert [attempt(tills[0], pin) for pin in ("0000", "1", "2222", "3333", "8642")] == [401] * 4 + [200]
    assert [attempt(tills[0], "0000") for _ in range(5)] == [401] * 5
    assert attempt(tills[0], "8642") == 429
    assert attempt(tills[1], "8642") == 200


def test_a_pin_is_given_at_a_till_and_nowhere_else(live: Api, shop: Shop) -> None:
    body = {"login": "owner", "pin": "1234"}
    assert live.as_(shop.owner_token).call("POST", "/v1/merchants/terminals/cashier", body).status == 403
    assert live.call("POST", "/v1/merchants/terminals/cashier", body).status == 401


def test_a_person_added_twice_with_one_key_is_one_person(door: Door) -> None:
    body = {"login": "hana", "name": "Hana", "role": "cashier", "pin": "2580", "password": PASSWORD}
    owner, key = door.owner(), uuid4().hex
    first, second = (owner.post("/v1/merchants/staff", body, key) for _ in range(2))
    assert (first.status, second.status, first.body) == (201, 201, second.body)
    other = owner.post("/v1/merchants/staff", body | {"pin": "2581"}, key)
    assert (other.status, other.body["code"]) == (422, "idempotency.conflict")
    assert owner.post("/v1/merchants/staff", body).body["code"] == "merchants.login_taken"


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"pin": "123"}, "/pin"),
        ({"pin": "123456789"}, "/pin"),
        ({"pin": "12e4"}, "/pin"),
        ({"pin": 1234}, "/pin"),
        ({"pin": None}, "/password"),
        ({"password": "1234567890"}, "/password"),
        ({"role": "god"}, "/role"),
        ({"role": "owner", "store_id": str(uuid4())}, "/store_id"),
        ({"login": "a\u0000b"}, "/login"),
        ({"pin_hash": "x"}, "/pin_hash"),
    ],
)
def test_a_person_with_a_bad_field_is_not_added(live: Api, shop: Shop, change: dict[str, Any], pointer: str) -> None:
    body = {"login": "ida", "name": "Ida", "role": "cashier", "pin": "1234"} | change
    said = live.as_(shop.owner_token).post("/v1/merchants/staff", body)
    assert (said.status, [error["pointer"] for error in said.body["errors"]]) == (422, [pointer])


def test_the_staff_is_listed_without_secrets_and_without_other_shops(live: Api, door: Door, shop: Shop) -> None:
    shown = door.owner().get("/v1/merchants/staff?limit=1")
    (owner,) = shown.body["items"]
    assert (owner["login"], owner["name"], owner["has_password"], owner["has_pin"]) == (
        "owner",
        "Anna Berg",
        True,
        False,
    )
    assert not {"password_hash", "pin_hash"} & set(owner)
    assert shown.body["next_cursor"]
    assert len(live.as_(shop.owner_token).get("/v1/merchants/staff").body["items"]) == 1


def test_staff_of_another_shop_cannot_be_touched(shops: Callable[[], Shop], live: Api) -> None:
    one, other = shops(), shops()
    owner = live.as_(one.owner_token)
    assert owner.call("POST", f"/v1/merchants/staff/{other.owner}/revoke").status == 404
    assert owner.call("POST", f"/v1/merchants/staff/{other.owner}/role", {"role": "cashier"}).status == 404
    body = {"login": "kim", "name": "Kim", "role": "cashier", "pin": "1234", "store_id": str(other.store)}
    assert owner.post("/v1/merchants/staff", body).body["code"] == "merchants.unknown_store"
    assert live.as_(other.owner_token).get(STORES).status == 200


def test_the_last_owner_can_be_neither_revoked_nor_given_another_role(shop: Shop) -> None:
    last = {"staff_id": str(shop.owner)}
    assert shop.deliver(RevokeStaff, last).code == "merchants.last_owner"
    assert shop.deliver(ChangeRole, last | {"role": "manager"}).code == "merchants.last_owner"
    assert shop.deliver(ChangeRole, last | {"role": "owner"}).state == "done"
    second = shop.hire("owner")
    assert shop.deliver(RevokeStaff, last).state == "done"
    assert shop.deliver(RevokeStaff, last).state == "done"
    assert shop.deliver(RevokeStaff, {"staff_id": str(second)}).code == "merchants.last_owner"
    assert shop.deliver(ChangeRole, last | {"role": "owner"}).code == "merchants.unknown_staff"


def test_owners_who_revoke_each_other_at_once_leave_one(shop: Shop) -> None:
    owners = [shop.owner, *(shop.hire("owner") for _ in range(3))]

    def revoke(person: UUID) -> Outcome:
        try:
            return shop.deliver(RevokeStaff, {"staff_id": str(person)})
        finally:
            db.close()

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(revoke, owners))
    assert sorted(outcome.code or "" for outcome in outcomes) == ["", "", "", "merchants.last_owner"]


def test_a_login_stays_taken_when_its_holder_leaves(shop: Shop) -> None:
    hash_ = hashed("1234", uuid4().hex)
    body = {
        "login": seal(shop.merchant, "Lea"),
        "name": seal(shop.merchant, "Lea"),
        "role": "cashier",
        "pin_hash": hash_,
    }
    person = shop.deliver(AddStaff, body).answer["staff_id"]
    assert Staff.get(Staff.id == UUID(person)).login == "lea"
    shop.deliver(RevokeStaff, {"staff_id": person})
    assert shop.deliver(AddStaff, body | {"name": seal(shop.merchant, "Other")}).code == "merchants.login_taken"


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


def claims(shop: Shop, **changes: Any) -> dict[str, Any]:
    at = int(time.time())
    good = {"iat": at, "nbf": at, "exp": at + 60, "jti": uuid4().hex, "type": "access", "sub": str(shop.owner)}
    good |= {"iss": ISSUER, "aud": AUDIENCE, "m": str(shop.merchant), "s": str(shop.owner), "t": None, "f": None}
    return {name: value for name, value in (good | changes).items() if value is not ...}


def signed(body: dict[str, Any], algorithm: str = "HS256", key: str = "", kid: str = "") -> str:
    key = key or settings().secrets.token_key.hex()
    return jwt.encode(body, key if algorithm != "none" else "", algorithm, headers={"kid": kid or key_id()})


def test_a_token_is_taken_for_what_it_says(live: Api, shop: Shop) -> None:
    assert live.as_(signed(claims(shop))).get(STORES).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": ...},
        {"nbf": 2**33},
        {"iss": "another"},
        {"iss": ...},
        {"aud": "another"},
        {"aud": ...},
        {"type": "refresh"},
        {"jti": ...},
        {"sub": ...},
        {"m": None},
        {"m": "not an id"},
        {"m": str(uuid4())},
        {"s": str(uuid4())},
        {"s": None},
        {"f": str(uuid4())},
        {"t": str(uuid4())},
    ],
)
def test_a_token_with_a_wrong_claim_opens_nothing(live: Api, shop: Shop, changes: dict[str, Any]) -> None:
    said = live.as_(signed(claims(shop, **changes))).get(STORES)
    assert (said.status, said.body["code"]) == (401, "identity.invalid")
    assert said.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("with_", [{"algorithm": "none"}, {"algorithm": "HS512"}, {"key": "0" * 64}, {"kid": "old"}])
def test_a_token_signed_otherwise_opens_nothing(live: Api, shop: Shop, with_: dict[str, str]) -> None:
    assert live.as_(signed(claims(shop), **with_)).get(STORES).status == 401


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic dTpw", "Bearer \u00e9", "Bearer a.b.c", "Bearer " + "x" * 5000]
)
def test_a_request_without_a_token_is_answered_so(live: Api, header: str) -> None:
    said = live.call("GET", STORES, Authorization=header)
    assert said.status == 401


def test_a_request_turned_away_unread_leaves_the_connection_usable(live: Api) -> None:
    connection = HTTPConnection(live.url.removeprefix("http://"))
    for size in (2, 2_000, 100_000) * 20:
        connection.request("POST", STORES, b"x" * size, {"Content-Type": "application/json"})
        turned_away = connection.getresponse()
        assert (turned_away.status, len(turned_away.read()) > 0) == (401, True)


def test_a_hash_depends_on_what_it_is_for_and_on_nothing_else() -> None:
    one = hashed("caf\u00e9 1234567", "password", "shop", "anna", "key")
    assert one == hashed("cafe\u0301 1234567", "password", "shop", "anna", "key")
    assert one != hashed("caf\u00e9 1234567", "password", "shop", "anna", "other key")
    assert matches(one, "caf\u00e9 1234567")
    assert not matches(one, "cafe 1234567")
    assert not matches(None, "nobody has this")


def test_codes_and_keys_are_made_again_from_the_same_command_only() -> None:
    command, merchant, till = uuid4(), uuid4(), uuid4()
    code = enrol_code(command)
    assert code == enrol_code(command) != enrol_code(uuid4())
    assert set(code.replace("-", "")) <= set(ALPHABET)
    assert (len(code), code[5]) == (11, "-")
    key = terminal_key(merchant, till, command)
    assert read_terminal_key(key) == (merchant, till)
    assert key != terminal_key(merchant, till, uuid4())
