"""The bench: its arithmetic, what it reports, its loaders."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.bench.bars import BARS, DEFAULT, FIGURES, Tally, passed, percentile, rate, verdicts
from ops.bench.load import write_requests
from ops.bench.open_loop import OpenLoop
from ops.bench.plain_load import load, numbered
from ops.bench.report import as_json, as_text
from ops.bench.shop import open_chain
from ops.bench.stage import shares

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def tally_of(bar: str, **samples: list[float]) -> Tally:
    tally = Tally(bar)
    for key, values in samples.items():
        for value in values:
            tally.sample(key, value)
    return tally


def test_a_rate_counts_from_the_first_to_the_last_commit() -> None:
    commits = [(NOON, 100), (NOON + timedelta(seconds=1), 50), (NOON + timedelta(seconds=2), 70)]
    assert rate(commits) == 60


@pytest.mark.parametrize("commits", [[], [(NOON, 5)], [(NOON, 5), (NOON, 5)]], ids=["none", "one", "one moment"])
def test_a_rate_of_less_than_two_moments_is_refused(commits: list[tuple[datetime, int]]) -> None:
    with pytest.raises(ValueError, match="two moments"):
        rate(commits)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], percent: int) -> None:
    found = percentile(values, percent)
    assert found in values
    assert sum(value <= found for value in values) * 100 >= percent * len(values)
    assert sum(value < found for value in values) * 100 < percent * len(values)


def test_the_median_of_the_runs_is_held_against_the_bar() -> None:
    (verdict,) = verdicts(tally_of("settle", settle=[50.0, 10.0, 20.0]))
    assert (verdict.median, verdict.reached) == (20.0, True)
    assert not passed(tally_of("settle", settle=[50.0, 10.0, 19.9]))


def test_a_time_must_stay_below_its_bar() -> None:
    good = {"commit-p99": [25.0], "wait-p50": [40.0], "wait-p99": [250.0]}
    assert passed(tally_of("latency", **good))
    assert not passed(tally_of("latency", **good | {"wait-p50": [41.0]}))


def test_a_bar_without_figures_or_with_a_failed_run_is_missed() -> None:
    assert not passed(Tally("settle"))
    tally = tally_of("settle", settle=[99.0])
    tally.failures.append("a worker ended")
    assert not passed(tally)


def test_a_report_tells_figure_bar_verdict_spread_and_where_the_cpu_went() -> None:
    tally = tally_of("settle", settle=[10.0, 12.0, 14.0])
    tally.note("one worker, sales/s", 4321.0)
    tally.spent("CPU us per sale", {"database": 93.0, "worker": 89.0})
    tally.ran = "12000 sales"
    text = as_text(tally)
    for part in ("12.00", ">= 20", "MISSED", "10.00 to 14.00 in 3", "4,321", "database 93, worker 89", "12000 sales"):
        assert part in text
    told = json.loads(json.dumps(as_json(tally)))
    assert told["figures"][0] | {"what": ""} == {
        "figure": "settle",
        "what": "",
        "unit": "x",
        "limit": 20,
        "at_most": False,
        "median": 12.0,
        "samples": [10.0, 12.0, 14.0],
        "reached": False,
    }


def test_every_bar_has_a_figure_and_growth_is_asked_for_by_name() -> None:
    assert set(BARS) == {figure.bar for figure in FIGURES} == {*DEFAULT, "growth"}


def test_cpu_is_shared_out_over_the_work_done() -> None:
    before, after = {"database": 1.0, "worker": 2.0}, {"database": 1.5, "worker": 4.0, "late": 9.0}
    assert shares(before, after, 1000) == {"database": 500.0, "worker": 2000.0}


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.headers["Idempotency-Key"], body))  # type: ignore[attr-defined]
        self.send_response(202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is said."""


@pytest.fixture
def echo() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Echo)
    server.seen = []  # type: ignore[attr-defined]
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_every_request_of_a_load_has_a_number_and_a_key_of_its_own(database: None) -> None:
    requests = numbered(write_requests(open_chain()), 1_000_000_000)
    bodies = []
    for request in islice(requests, 5000):
        head, body = request.split(b"\r\n\r\n", 1)
        assert f"Content-Length: {len(body)}".encode() in head
        bodies.append((head.rpartition(b"Idempotency-Key: ")[2], json.loads(body)))
    assert len({key for key, _ in bodies}) == len({body["sequence"] for _, body in bodies}) == 5000
    assert all(len(body["lines"]) == 5 for _, body in bodies)


def test_the_plain_loader_counts_answers_and_repeats_no_key(echo: ThreadingHTTPServer, database: None) -> None:
    requests = numbered(write_requests(open_chain()), 2_000_000_000)
    told = load(echo.server_address[1], 4, 0.3, requests)
    keys = [key for key, _ in echo.seen]  # type: ignore[attr-defined]
    assert (told["refused"], told["lost"]) == (0, 0)
    assert 0 < told["requests"] <= len(keys) == len(set(keys))


def test_an_open_loop_sends_at_its_rate_whatever_the_answers_take(echo: ThreadingHTTPServer) -> None:
    loop = OpenLoop(f"http://127.0.0.1:{echo.server_address[1]}", rate=100, seconds=0.5)
    answered = loop.run(lambda nth, _due: (b'{"n": %d}' % nth, {"Idempotency-Key": str(nth)}))
    assert sorted(each.body["n"] for each in answered) == list(range(50))
    dues = sorted(each.due for each in answered)
    assert dues[-1] - dues[0] == pytest.approx(0.49)
