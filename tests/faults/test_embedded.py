"""On one machine without servers: workers, relay, edge and Valkey are killed under load, and nothing comes to harm."""

from __future__ import annotations

import os
import signal
import time

import pytest

from ops.storm.checker import check
from ops.storm.drain import Patience, await_drained
from ops.storm.history import History, read_history
from ops.storm.queues import ListQueues
from ops.storm.rig import EMBEDDED, Rig
from ops.storm.shop import open_shop
from ops.storm.tills import Counter, Crew

KILLED = ("checkout", "kv", "accrual", "reports", "relay", "kv", "checkout", "edge")
GAP_SECONDS = 1.5
PATIENCE = Patience(busy=200.0, idle=10.0)
"""What a killed worker had in its hands comes back after a minute, what was lost on the way to it a little later."""


@pytest.mark.timeout(400)
def test_kills_of_workers_and_of_valkey_lose_and_double_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Rig(tmp_path_factory.mktemp("faults"), EMBEDDED) as rig:
        shop = open_shop(rig.url, tills=4, members=4)
        history = History(rig.home / "history.jsonl", shop)
        crew = Crew(Counter(rig.url, shop, history, seed=1))
        crew.start()
        for name in KILLED:
            time.sleep(GAP_SECONDS)
            os.kill(rig.pids()[name], signal.SIGKILL)
        rig.await_ready()
        crew.close()
        history.close()
        told = read_history(history.path)
        progress = await_drained(told, rig.database_url, ListQueues(rig.home), PATIENCE)
        assert progress.over, progress
        verdict = check(told, rig.database_url)
        assert verdict.violations == []
        assert crew.counter.unanswered == []
