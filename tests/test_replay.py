"""A replay against the whole system: killed anywhere it goes on, and every figure is right in the end."""

from __future__ import annotations

import csv
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from ops.journey.verify import VerifyOptions, verify
from ops.replay.edge import Refused
from ops.replay.plan import UNPOSTED
from ops.replay.play import replay
from ops.replay.stage import ReplayOptions
from ops.replay.state import FILE, State
from tests.journeys import write_part
from tests.shops import Api

PLAY = """
import sys
from pathlib import Path
from ops.journey.verify import VerifyOptions, verify
from ops.replay.plan import UNPOSTED
from ops.replay.play import replay
from tests.journeys import write_part
from tests.moody import Moody, in_a_mood
from tests.shops import Api
from ops.replay.stage import ReplayOptions
url, source, state, merchant = sys.argv[1:]
replay(ReplayOptions(url=url, input=Path(source), state=Path(state), merchant=merchant, terminals=4))
"""
MOMENTS = (
    "SELECT COUNT(*) > 0 FROM note WHERE name = 'password'",
    "SELECT COUNT(*) > 1 FROM till WHERE key IS NOT NULL",
    "SELECT COUNT(*) > 0 FROM sku",
    "SELECT COUNT(*) > 20 FROM member",
    "SELECT COUNT(*) > 10 FROM basket WHERE command IS NOT NULL",
    "SELECT COUNT(*) > 100 FROM basket WHERE command IS NOT NULL",
)
"""What a replay remembers when it is killed: in the middle of every step there is."""


def kill_once(command: list[str], folder: Path, moment: str) -> None:
    """Start a replay and kill it as soon as its state says so."""
    player = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while player.poll() is None and time.monotonic() < until:
        if (folder / FILE).exists() and _is_true(folder, moment):
            break
        time.sleep(0.005)
    player.kill()
    assert player.wait() == -9, f"it ended before {moment}"


def _is_true(folder: Path, moment: str) -> bool:
    with closing(sqlite3.connect(folder / FILE, timeout=5)) as base:
        tables = base.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'basket'").fetchone()[0]
        return bool(tables and base.execute(moment).fetchone()[0])


def test_a_replay_killed_in_every_step_goes_on_and_every_figure_is_right(live: Api, tmp_path: Path) -> None:
    source, folder = write_part(tmp_path / "input"), tmp_path / "state"
    merchant = f"killed-{uuid4().hex[:8]}"
    command = [sys.executable, "-c", PLAY, live.url, str(source), str(folder), merchant]
    for moment in MOMENTS:
        kill_once(command, folder, moment)
    told: list[str] = []
    summary = replay(ReplayOptions(live.url, source, folder, merchant, terminals=4), told.append)
    assert summary.ok and summary.before >= 100, told
    assert verify(VerifyOptions(source, folder, merchant), told.append), told


def test_a_replay_goes_on_with_other_weeks_and_says_what_it_did_not_post(live: Api, tmp_path: Path) -> None:
    source, folder = write_part(tmp_path / "input"), tmp_path / "state"
    options = ReplayOptions(live.url, source, folder, f"weeks-{uuid4().hex[:8]}", terminals=2, weeks="6")
    assert replay(options, print).sent == 0
    assert replay(replace(options, weeks="11", stores="421"), print).sent == 1
    summary = replay(replace(options, weeks="", speed="1e9"), print)
    again = replay(replace(options, weeks=""), print)
    assert summary.ok and summary.before == 1 and (again.sent, again.before) == (0, summary.sent + 1)
    with (folder / UNPOSTED).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["fate"] for row in rows} == {"not posted", "posted otherwise"} and len(rows) == again.remarks.total()
    assert verify(VerifyOptions(source, folder, options.merchant), print)


def test_a_merchant_of_somebody_else_is_not_replayed_into(live: Api, tmp_path: Path) -> None:
    source = write_part(tmp_path / "input")
    options = ReplayOptions(live.url, source, tmp_path / "a", f"other-{uuid4().hex[:8]}", stores="421")
    assert replay(options, print).ok
    with pytest.raises(Refused, match="--login"):
        replay(replace(options, state=tmp_path / "b"), print)
    state = State(options.state)
    known = replace(options, state=tmp_path / "c", login="owner", password=state.note("password") or "")
    state.close()
    assert replay(replace(known, stores="447"), print).sent == 1
