"""For operators: alive, ready with each dependency, and the figures, which move with what happens."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import uuid4

import pytest

from models import receipts
from models.receipts import Parked
from ops.broker import bundle
from schemas.sales import Checkout
from tests.edges import own_edge
from tests.processes import wait_for
from tests.shops import Api, Shop, await_ready

NOWHERE = {
    "database": {"DATABASE_URL": "mysql://nobody:nothing@127.0.0.1:1/nowhere"},
    "broker": {"BROKER_URL": "amqp://guest:guest@127.0.0.1:1//"},
    "redis": {"REDIS_URL": "redis://127.0.0.1:1/1"},
}
FIGURES = {
    "requests": "regulars_requests_total",
    "time to answer": "regulars_request_seconds_bucket",
    "publishes and their confirms": "regulars_publishes_total",
    "settled": "regulars_settled_total",
    "settle time": "regulars_settle_seconds_bucket",
    "batch size": "regulars_batch_size_bucket",
    "queue age": "regulars_queue_age_seconds",
    "messages ready": "regulars_queue_ready",
    "parked": "regulars_parked_rows",
    "relayed": "regulars_relayed_total",
    "relay lag": "regulars_relay_lag_seconds",
    "outbox": "regulars_outbox_rows",
}


def _figures(api: Api) -> dict[str, float]:
    """Every figure with its labels."""
    said = api.get("/metrics")
    assert said.status == 200
    assert said.headers["Content-Type"].startswith("text/plain")
    lines = [line for line in said.body.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_the_edge_is_alive_and_ready_and_says_of_what(live: Api) -> None:
    assert live.get("/livez").body == {"state": "alive"}
    said = live.get("/readyz")
    assert (said.status, said.body["state"]) == (200, "ready")
    assert set(said.body["checks"]) == {"database", "broker", "redis"}
    assert all(check["ok"] and check["ms"] >= 0 for check in said.body["checks"].values())


@pytest.mark.parametrize("what", FIGURES)
def test_the_figures_are_there_once_a_sale_has_been_settled(live: Api, shop: Shop, what: str) -> None:
    till = live.as_(shop.till_token)
    till.post("/v1/sales", shop.basket(1, member=shop.enrol()), Prefer="wait=5")
    wait_for(lambda: any(name.startswith(FIGURES[what]) for name in _figures(live)))


def test_the_figures_count_what_happens(live: Api, shop: Shop) -> None:
    till, before = live.as_(shop.till_token), _figures(live)
    for _ in range(3):
        till.post("/v1/sales", shop.basket(1), Prefer="wait=5")
    till.post("/v1/sales", shop.basket(1, tenders=[]), Prefer="wait=5")
    till.post("/v1/sales", b"{")

    def grew(name: str) -> float:
        return _figures(live).get(name, 0) - before.get(name, 0)

    assert grew('regulars_requests_total{route="/v1/sales",status="201"}') == 3
    assert grew('regulars_requests_total{route="/v1/sales",status="422"}') == 1
    assert grew('regulars_requests_total{route="/v1/sales",status="400"}') == 1
    assert grew('regulars_publishes_total{outcome="confirmed"}') >= 4
    assert grew('regulars_settled_total{name="sales.checkout",state="done"}') == 3
    assert grew('regulars_settled_total{name="sales.checkout",state="refused"}') == 1
    assert grew('regulars_settle_seconds_count{queue="sales"}') >= 1
    assert grew('regulars_batch_size_sum{queue="sales"}') == 4
    wait_for(lambda: grew('regulars_settled_total{name="reports.roll_up",state="done"}') == 3)
    assert grew("regulars_relayed_total") >= 1


def test_what_stands_parked_is_counted(live: Api, shop: Shop) -> None:
    before = _figures(live).get("regulars_parked_rows", 0)
    envelope = shop.envelope(Checkout, shop.basket(1))
    receipts.park([(shop.merchant, envelope.id, bundle(envelope.name, [envelope.to_wire()]), "seen by a person")])
    assert _figures(live)["regulars_parked_rows"] == before + 1
    Parked.delete().where(Parked.command_id == envelope.id).execute()


def test_routes_are_counted_by_their_pattern_and_never_by_what_was_asked(live: Api, shop: Shop) -> None:
    till, id_ = live.as_(shop.till_token), uuid4()
    till.get(f"/v1/sales/{id_}")
    till.get(f"/v1/{id_}/secret")
    names = " ".join(_figures(live))
    assert 'route="/v1/sales/<uuid:sale_id>",status="404"' in names
    assert 'route="none",status="404"' in names
    assert str(id_) not in names
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", names)


@pytest.mark.parametrize("what", ["database", "broker"])
def test_an_edge_without_what_it_needs_is_alive_but_not_ready(live: Api, shop: Shop, tmp_path: Path, what: str) -> None:
    with own_edge(tmp_path, **NOWHERE[what]) as edge:
        said = edge.get("/readyz")
        assert (said.status, said.body["state"]) == (503, "not ready")
        assert {name for name, check in said.body["checks"].items() if not check["ok"]} == {what}
        assert edge.get("/livez").status == 200
        assert edge.get("/metrics").status == 200
        refused = edge.as_(shop.till_token).post("/v1/sales", shop.basket(1))
        assert (refused.status, refused.body["code"]) == (503, "system.busy")
        assert refused.headers["Retry-After"]


def test_an_edge_without_redis_is_degraded_and_sells_on(live: Api, shop: Shop, tmp_path: Path) -> None:
    with own_edge(tmp_path, **NOWHERE["redis"]) as edge:
        said = await_ready(edge).get("/readyz")
        assert (said.status, said.body["state"]) == (200, "degraded")
        assert not said.body["checks"]["redis"]["ok"]
        till = edge.as_(shop.till_token)
        sold = till.post("/v1/sales", shop.basket(1))
        assert sold.status == 202
        assert till.get(sold.headers["Location"], Prefer="wait=5").body["state"] == "done"
        waited = till.post("/v1/sales", shop.basket(1), Prefer="wait=2")
        assert (waited.status, waited.body["state"]) == (201, "done")
        period = "from=2026-01-01&to=2026-12-31"
        assert edge.as_(shop.owner_token).get(f"/v1/reports/sales?{period}").status == 200
