"""The tills of a replay: their order, their numbers and their keys, through every mood of the edge."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.journey.baskets import Basket
from ops.journey.rows import InputFault
from ops.replay.crew import Crew
from ops.replay.edge import Edge, GaveUp, Patience, Refused
from ops.replay.play import replay
from ops.replay.stage import ReplayOptions
from ops.replay.state import Answered, OtherReplay, Place, State
from ops.replay.till import Pace, Rung, share_out
from tests.moody import Moody, in_a_mood


@pytest.fixture
def moody() -> Iterator[Moody]:
    with in_a_mood() as server:
        yield server


@pytest.fixture
def edge(moody: Moody) -> Iterator[Edge]:
    edge = Edge(moody.url, Patience(5, threading.Event()))
    yield edge
    edge.close()


def test_not_now_is_asked_again_with_the_same_key_and_body(moody: Moody, edge: Edge) -> None:
    moody.replies = [(503, {"Retry-After": "0"}, {}), (429, {}, {}), (502, {}, {}), (202, {}, {"sale_id": "s"})]
    assert edge.post("/v1/sales", {"sequence": 1}, key="basket-1").body == {"sale_id": "s"}
    assert moody.asked == [("/v1/sales", "basket-1", b'{"sequence":1}')] * 4 and edge.retries == 3


def test_a_dropped_connection_is_asked_again_with_the_same_key(moody: Moody, edge: Edge) -> None:
    moody.replies = [None, None, (202, {}, {})]
    edge.post("/v1/sales", {}, key="basket-1")
    assert [key for _, key, _ in moody.asked] == ["basket-1"] * 3


def test_the_edge_is_given_as_long_as_it_asks_for(moody: Moody, edge: Edge) -> None:
    moody.replies = [(503, {"Retry-After": "1"}, {}), (202, {}, {})]
    began = time.monotonic()
    edge.post("/v1/sales", {}, key="basket-1")
    assert time.monotonic() - began >= 1


def test_patience_ends(moody: Moody) -> None:
    moody.replies = [(503, {}, {})]
    edge = Edge(moody.url, Patience(0.3, threading.Event()))
    with pytest.raises(GaveUp, match="503 for 0 s"):
        edge.post("/v1/sales", {}, key="basket-1")
    edge.close()


def test_a_refusal_is_not_asked_again_and_says_why(moody: Moody, edge: Edge) -> None:
    moody.replies = [(422, {}, {"code": "sales.tenders_differ", "detail": "1 is not 2"})]
    with pytest.raises(Refused, match="422 sales.tenders_differ 1 is not 2"):
        edge.post("/v1/sales", {}, key="basket-1")
    assert len(moody.asked) == 1


def test_a_command_that_is_not_done_at_once_is_asked_after(moody: Moody, edge: Edge) -> None:
    moody.replies = [
        (202, {}, {"command_id": "c"}),
        (200, {}, {"state": "pending"}),
        (200, {}, {"state": "done", "answer": {"member_id": "m"}}),
    ]
    assert edge.settle("/v1/members", {}, token="t", key="member-1")["member_id"] == "m"
    assert [path for path, _, _ in moody.asked] == ["/v1/members", "/v1/commands/c", "/v1/commands/c"]


def test_a_command_that_is_refused_later_is_a_refusal(moody: Moody, edge: Edge) -> None:
    moody.replies = [(202, {}, {"command_id": "c"}), (200, {}, {"state": "refused", "code": "members.taken"})]
    with pytest.raises(Refused, match="members.taken"):
        edge.settle("/v1/members", {}, token="t", key="member-1")


def test_the_first_fault_of_a_crew_stops_all_hands_and_is_raised(moody: Moody) -> None:
    done: list[int] = []

    def task(_edge: Edge, item: int) -> None:
        if item == 3:
            raise ValueError("three")
        done.append(item)
        time.sleep(0.01)

    with pytest.raises(ValueError, match="three"):
        Crew(moody.url, 2, Patience(5, threading.Event())).work(range(1000), task)
    assert len(done) < 20


def basket(id_: int, minute: int, store: str = "1") -> Basket:
    at = datetime(2017, 3, 1, tzinfo=UTC) + timedelta(minutes=minute)
    return Basket(str(id_), store, "7", 9, at, (), 0, ())


def test_loads_are_of_whole_tills_and_every_till_keeps_its_sequence() -> None:
    chance = random.Random(7)
    rung: list[Rung] = []
    last: dict[tuple[str, int], int] = defaultdict(int)
    for nth in range(500):
        store, till = str(chance.randrange(5)), chance.randrange(3)
        last[store, till] += 1
        rung.append((basket(nth, chance.randrange(1000), store), Place(store, till, last[store, till])))
    loads = share_out(rung, 4)
    assert sorted(one[1].sequence for load in loads for one in load) == sorted(p.sequence for _, p in rung)
    homes: dict[tuple[str, int], set[int]] = defaultdict(set)
    for nth, load in enumerate(loads):
        seen: dict[tuple[str, int], int] = defaultdict(int)
        for _, place in load:
            assert place.sequence == seen[place.store, place.till] + 1
            seen[place.store, place.till] = place.sequence
            homes[place.store, place.till].add(nth)
    assert all(len(where) == 1 for where in homes.values()) and len(loads) == 4


def test_numbers_go_on_where_each_till_was(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.number([("a", "1", 1), ("b", "1", 2), ("c", "1", 1)])
    state.answered([Answered("a", "c", "s")])
    state.close()
    again = State(tmp_path)
    again.number([("d", "1", 1)])
    assert again.places()["d"] == Place("1", 1, 3)
    assert set(again.unanswered()) == {"b", "c", "d"} and again.accepted() == 1
    again.close()


def test_a_state_belongs_to_one_input(tmp_path: Path) -> None:
    state = State(tmp_path)
    state.bind("input", "a:1")
    state.bind("input", "a:1")
    with pytest.raises(OtherReplay, match="give another --state"):
        state.bind("input", "a:2")
    state.close()


def test_nobody_else_may_read_the_state(tmp_path: Path) -> None:
    State(tmp_path).close()
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_baskets_are_due_at_their_own_time_so_many_times_faster() -> None:
    pace = Pace(120, basket(1, 0).sold_at)
    began = time.monotonic()
    pace.wait(basket(2, 1).sold_at, Patience(5, threading.Event()))
    assert 0.4 < time.monotonic() - began < 2


@pytest.mark.parametrize("speed", ["fast", "0", "-3", "nan"])
def test_a_speed_that_is_none_is_refused(tmp_path: Path, speed: str) -> None:
    with pytest.raises(InputFault, match="speed"):
        replay(ReplayOptions(state=tmp_path, speed=speed), print)
