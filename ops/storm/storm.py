"""A storm: faults dealt from a shuffled deck by a seed, a few at once, never two on one target."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from ops.journey.rows import Complaint
from ops.storm.broker_faults import broker_faults
from ops.storm.field import Fault, Field
from ops.storm.process_faults import process_faults

AT_ONCE = 3
GAP_SECONDS = (0.2, 1.5)


class NoSuchFault(Complaint):
    """Nothing a storm knows has such a name."""


def chosen(names: tuple[str, ...]) -> list[Fault]:
    """The faults whose names contain one of these; without names, all that a storm knows."""
    faults = [*process_faults(), *broker_faults()]
    for name in names:
        if not any(name in fault.name for fault in faults):
            raise NoSuchFault(f"no fault is called {name}; there are: {', '.join(fault.name for fault in faults)}")
    return [fault for fault in faults if not names or any(name in fault.name for name in names)]


class Storm:
    """Deals faults onto a field."""

    def __init__(self, field: Field, faults: list[Fault], seed: int) -> None:
        self._field = field
        self._chance = random.Random(seed)
        self._deck = self._shuffled(faults)
        self._lasting = [fault for fault in faults if not fault.once]
        self._busy: set[str] = set()
        self._free = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self.struck: list[str] = []
        self.mishaps: list[str] = []

    def rage(self, seconds: float, until: threading.Event | None = None) -> None:
        """Strike for so long, or until told; returns when every fault is over and undone."""
        deadline = time.monotonic() + seconds
        with ThreadPoolExecutor(AT_ONCE) as pool:
            while time.monotonic() < deadline and not (until and until.is_set()):
                for fault in self._drawn():
                    pool.submit(self._strike, fault)
                self._field.over.wait(self._chance.uniform(*GAP_SECONDS))
            self._field.over.set()

    def _shuffled(self, faults: list[Fault]) -> list[Fault]:
        return self._chance.sample(faults, len(faults))

    def _drawn(self) -> Iterator[Fault]:
        """The first fault of the deck whose targets are left alone at the moment, if one more may happen."""
        if not self._free.acquire(blocking=False):
            return
        with self._lock:
            if not self._deck:
                self._deck = self._shuffled(self._lasting)
            fault = next((fault for fault in self._deck if self._busy.isdisjoint(fault.targets)), None)
            if fault:
                self._deck.remove(fault)
                self._busy.update(fault.targets)
        if fault is None:
            self._free.release()
        else:
            yield fault

    def _strike(self, fault: Fault) -> None:
        try:
            self._field.strike(fault)
            self.struck.append(fault.name)
        except Exception as error:  # a storm that breaks itself must say so, and go on
            self._field.say(f"  {fault.name}: {type(error).__name__}: {error}")
            self.mishaps.append(f"{fault.name}: {type(error).__name__}: {error}")
        finally:
            with self._lock:
                self._busy.difference_update(fault.targets)
            self._free.release()
