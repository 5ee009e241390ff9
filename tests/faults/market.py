"""A shop in a fault test: tills that sell when told to, and the verdict on what became of it."""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Self

from ops.storm.checker import Injected, Verdict, check
from ops.storm.drain import Patience, await_drained
from ops.storm.history import History, read_history
from ops.storm.shop import Shop
from ops.storm.tills import Counter, Till
from tests.faults.stage import Stage

PATIENCE = Patience(busy=40.0, idle=4.0)


class Market:
    """One shop, its tills and its history."""

    def __init__(self, stage: Stage, shop: Shop) -> None:
        self._stage = stage
        self.shop = shop
        self.history = History(stage.rig.home / f"history-{secrets.token_hex(4)}.jsonl", shop)
        self.injected = Injected()
        self.tills = self._tills(stage.rig.url)

    def at(self, url: str) -> list[Till]:
        """The tills, ringing up at another edge from now on."""
        self.tills = self._tills(url, self.tills)
        return self.tills

    def verdict(self, patience: Patience = PATIENCE) -> Verdict:
        """Wait until nothing moves any more, then hold the database against the history."""
        told = read_history(self.history.path)
        progress = await_drained(told, self._stage.rig.database_url, self._stage.queues, patience)
        verdict = check(told, self._stage.rig.database_url, self.injected)
        if not progress.over:
            verdict.violations.insert(0, f"STUCK: {progress}")
        return verdict

    def _tills(self, url: str, before: list[Till] | None = None) -> list[Till]:
        counter = Counter(url, self.shop, self.history, seed=1, waiting=0)
        tills = [Till(counter, nth) for nth in range(len(self.shop.tills))]
        for till, old in zip(tills, before or [], strict=False):
            till.sequence = old.sequence
        return tills

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.history.close()
