"""One request id from HTTP through the message to the SQL; and nothing personal in whatever is written down."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any
from uuid import uuid4

import orjson
import pytest
from pymysql.cursors import RE_INSERT_VALUES

from edge.accept import prepare
from models import receipts
from models.base import db, open_database, traced
from models.migrate import tables
from models.receipts import Parked
from models.rows import execute, select
from ops.broker import Message, bundle
from ops.cache import client
from ops.logs import trace
from ops.settings import settings
from schemas.envelope import Actor, Envelope
from schemas.members import Enrol
from schemas.sales import Checkout
from tests.doors import Door, forget_tries
from tests.house.tree import ROOT
from tests.processes import wait_for
from tests.shops import Api, Shop, deliver_all
from workers.handlers import HANDLERS

NAME, OTHER_NAME = "Wilhelmine Quittenbaum", "Ottokar Zwetschgenstein"
PHONE, PHONE_WRITTEN = "+4915123456789", "+49 1512 3456789"
LOGIN = "quittenbaum.w"
PERSONAL = (NAME, OTHER_NAME, "Quittenbaum", "Zwetschgenstein", PHONE, PHONE[1:], "1512 3456789", PHONE_WRITTEN)


def _request_id() -> str:
    return f"trace-{uuid4().hex[:16]}"


def _parked_by_overflow(live: Api, shop: Shop, id_: str) -> Parked:
    """A sale of absurd cost, sent over HTTP, which the database would not have."""
    execute(f"UPDATE sku SET cost_cents = {10**12} WHERE merchant_id = {db.param}", [shop.merchant])
    basket = shop.basket(1, mode="offline")
    basket["lines"] = [basket["lines"][0] | {"quantity_milli": 10**9}] * 20
    basket["tenders"] = [{"kind": "card", "amount_cents": 20 * 250}]
    said = live.as_(shop.till_token).post("/v1/sales", basket, X_Request_Id=id_, Prefer="wait=5")
    assert (said.status, said.body["state"]) == (202, "parked")
    row: Parked = Parked.get(Parked.merchant_id == shop.merchant)
    row.delete_instance()
    return row


def _log_lines(process: str) -> list[dict[str, Any]]:
    """What a process has logged in our form; servers' own lines, before logging is set up, are plain."""
    text = (settings().home / "logs" / f"{process}.log").read_text()
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def test_a_request_id_goes_in_and_comes_out(live: Api, shop: Shop) -> None:
    till, id_ = live.as_(shop.till_token), _request_id()
    assert till.get("/v1/sales", X_Request_Id=id_).headers["X-Request-Id"] == id_
    problem = till.get("/v1/nothing", X_Request_Id=id_)
    assert problem.headers["X-Request-Id"] == problem.body["request_id"] == id_


def test_a_traceparent_is_taken_for_a_request_id(live: Api, shop: Shop) -> None:
    trace_id = uuid4().hex
    said = live.get("/livez", traceparent=f"00-{trace_id}-00f067aa0ba902b7-01")
    assert said.headers["X-Request-Id"] == trace_id


@pytest.mark.parametrize("given", ["", "x" * 65, "two words", "*/ DROP TABLE sale; --", "a'b"])
def test_a_request_id_that_could_do_harm_is_replaced(live: Api, given: str) -> None:
    for header in ("X_Request_Id", "traceparent"):
        made = live.call("GET", "/livez", **{header: given}).headers["X-Request-Id"]
        assert made != given
        assert len(made) == 16


def test_a_request_id_travels_with_the_command_and_with_what_follows(live: Api, shop: Shop) -> None:
    id_ = _request_id()
    row = _parked_by_overflow(live, shop, id_)
    [wire] = orjson.loads(bytes(row.body))[0][0]
    assert wire["trace"] == id_
    order = shop.order(Checkout, shop.basket(1, member=shop.enrol()))
    order.envelope.trace = id_
    order.follow(Checkout, note="whatever")
    assert [followup.trace for followup in order.followups] == [id_]


def test_a_worker_logs_under_the_request_id_it_works_for(live: Api, shop: Shop) -> None:
    id_ = _request_id()
    _parked_by_overflow(live, shop, id_)
    lines = [line for line in _log_lines("checkout") if line.get("request_id") == id_]
    assert [line["event"] for line in lines] == ["a command cannot be settled"]
    assert lines[0]["command"] == "sales.checkout"
    assert "Traceback" in lines[0]["exception"]


def _statements_of(live: Api, shop: Shop, id_: str) -> list[str]:
    """What is said to the database for one sale: by this process to SQLite, by a worker to MySQL.

    There the sale has to wait for a lock, so that the server can be asked what its connections are saying.
    """
    basket = shop.basket(2, 1)
    if db.dialect == "sqlite":
        heard: list[str] = []
        envelope = shop.envelope(Checkout, basket)
        envelope.trace = id_
        db.connection().set_trace_callback(heard.append)
        assert deliver_all([HANDLERS[envelope.name].read(envelope)]) == []
        db.connection().set_trace_callback(None)
        return heard
    shop.deliver(Checkout, shop.basket(1, 1))
    other = open_database(settings().database_url)
    other.connect()
    other.execute_sql("BEGIN")
    other.execute_sql("SELECT * FROM stock WHERE merchant_id = %s FOR UPDATE", [shop.merchant])
    said = live.as_(shop.till_token).post("/v1/sales", basket, X_Request_Id=id_)
    waiting = "SELECT info FROM information_schema.processlist WHERE info LIKE 'INSERT%%INTO stock %%'"
    heard = wait_for(lambda: [info for (info,) in other.execute_sql(waiting).fetchall()])
    other.rollback()
    other.close()
    live.as_(shop.till_token).get(said.headers["Location"], Prefer="wait=5")
    return heard


def test_the_sql_of_a_command_names_the_request_it_serves(live: Api, shop: Shop) -> None:
    id_ = _request_id()
    said = [sql for sql in _statements_of(live, shop, id_) if sql.partition(" ")[0] in ("SELECT", "INSERT", "DELETE")]
    assert any(sql.startswith(f"INSERT /* {id_} */ INTO stock") for sql in said)
    assert all(sql.split(maxsplit=4)[1:4] == ["/*", id_, "*/"] for sql in said)


def test_a_read_of_the_edge_names_its_request_as_well(shop: Shop) -> None:
    token = trace.set("trace-of-a-read")
    try:
        assert traced("SELECT 1 FROM sale") == "SELECT /* trace-of-a-read */ 1 FROM sale"
        assert RE_INSERT_VALUES.match(traced("INSERT INTO sale (id, line) VALUES (%s, %s)"))
        assert select("SELECT 1") == [(1,)]
        assert traced("COMMIT") == "COMMIT"
    finally:
        trace.reset(token)


@pytest.mark.parametrize("harmful", ["", "x */ DROP TABLE sale; /*", "a b", "%s", "x" * 65, "\n"])
def test_only_a_harmless_request_id_stands_in_a_statement(harmful: str) -> None:
    token = trace.set(harmful)
    try:
        assert traced("SELECT 1 FROM sale") == "SELECT 1 FROM sale"
    finally:
        trace.reset(token)


def _written_down() -> dict[str, bytes]:
    """Everything that outlives a request, by where it stands: logs, figures, tables, Redis, the embedded broker."""
    files = [path for path in settings().home.rglob("*") if path.is_file() and path.name != "secrets.json"]
    found = {str(path): path.read_bytes() for path in files}
    for table in tables():
        rows = [repr(row) for row in table.select().tuples()]
        found[table._meta.table_name] = "\n".join(rows).encode()
    for key in client().scan_iter():
        if client().type(key) == b"string":
            found[f"redis {key!r}"] = key + b" " + (client().get(key) or b"")
    return found


def test_nothing_personal_is_written_down_anywhere(live: Api) -> None:
    forget_tries()
    door = Door(live).open()
    owner = door.owner()
    member = {"name": NAME, "phone": PHONE_WRITTEN, "cards": [f"c{uuid4().hex[:12]}"]}
    assert owner.post("/v1/members", member).status == 201
    assert owner.post("/v1/members", {"name": OTHER_NAME, "phone": PHONE}).body["code"] == "members.phone_taken"
    assert owner.post("/v1/members", {"name": NAME, "phone": f"{PHONE}00000"}).status == 422
    assert owner.post("/v1/members", member | {"extra": NAME}).status == 422
    assert owner.post("/v1/members", f'{{"name": "{NAME}", "phone": "{PHONE}"'.encode()).status == 400
    assert owner.get(f"/v1/members?phone={PHONE.replace('+', '%2B')}").body["items"][0]["name"] == NAME
    door.hire(LOGIN, "cashier", name=OTHER_NAME, pin="2580")
    assert door.sign_in(LOGIN, "not the password").status == 401
    envelope = _enrolment(door)
    receipts.park([(door.merchant, envelope.id, bundle(envelope.name, [envelope.to_wire()]), "seen by a person")])
    for place, text in _written_down().items():
        assert not [each for each in PERSONAL if each.encode() in text], place
    for path in (settings().home / "logs").iterdir():
        assert LOGIN not in path.read_text(), path
    Parked.delete().where(Parked.command_id == envelope.id).execute()


def _enrolment(door: Door) -> Envelope:
    """An enrolment as the edge would send it."""
    body = {"name": NAME, "phone": PHONE}
    return prepare(Enrol, body, uuid4().hex, merchant=door.merchant, actor=Actor(staff=uuid4())).envelope


def test_what_is_looked_for_would_be_found(shop: Shop) -> None:
    secret = uuid4().hex
    receipts.park([(shop.merchant, uuid4(), Message("members", "members.enrol", "", secret.encode()), "why")])
    found = [place for place, text in _written_down().items() if secret.encode() in text]
    Parked.delete().where(Parked.merchant_id == shop.merchant).execute()
    assert "parked" in found


def test_logs_are_one_json_object_a_line(live: Api, shop: Shop) -> None:
    _parked_by_overflow(live, shop, _request_id())
    for process in ("edge", "checkout", "accrual", "reports", "backoffice"):
        lines = _log_lines(process)
        assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    assert _log_lines("checkout")


def test_what_could_be_personal_is_masked_in_a_log_line() -> None:
    said = subprocess.run([sys.executable, "-c", LOGGING], cwd=ROOT, capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in said.stderr.splitlines()]
    assert len(lines) == 3
    assert all(PHONE[1:] not in str(line) and "Wilhelmine" not in str(line) for line in lines)
    assert lines[0]["request_id"] == "12345678901234567890"
    assert lines[0]["id"] == "01a2095b-bbf7-7636-aca1-821234567890"


LOGGING = f"""
import logging
from ops import logs
logs.start()
logs.trace.set("12345678901234567890")
logs.log.warning("look", name="{NAME}", why="called {PHONE}", id="01a2095b-bbf7-7636-aca1-821234567890")
logging.getLogger("other").error("called %s", "{PHONE_WRITTEN}")
try:
    raise ValueError("no such phone: {PHONE[1:]}")
except ValueError:
    logs.log.exception("failed", phone="{PHONE}")
"""
