"""From a seed to a verdict: an installation is raised, a shop opened in it, a storm let loose, and all is checked."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops.storm.checker import Verdict, check
from ops.storm.drain import Patience, Progress, await_drained
from ops.storm.field import Field
from ops.storm.history import History, Window, read_history
from ops.storm.queues import RabbitQueues
from ops.storm.rig import CLUSTER, Rig
from ops.storm.shop import open_shop
from ops.storm.storm import Storm, chosen
from ops.storm.tills import Counter, Crew

MEMBERS = 8
SHORT_STORM_SECONDS = 120.0
CALM_SECONDS = 3.0
"""So long tills go on selling after the last fault: the workers must serve as if nothing had been."""
TELL_SECONDS = 5.0
HISTORY = "history.jsonl"


@dataclass(frozen=True, slots=True)
class StormOptions:
    """A storm to be: `faults` are parts of the names of those that may happen; none named, all."""

    home: Path
    seed: int
    seconds: float
    faults: tuple[str, ...] = ()
    tills: int = 6


def storm(options: StormOptions, say: Callable[[str], None] = print) -> Verdict:
    """Run a storm on private servers with tills of our own, and judge it."""
    faults = chosen(options.faults)
    say(f"storm: seed {options.seed}, {options.seconds:.0f} s, in {options.home}")
    with Rig(options.home, CLUSTER) as rig:
        shop = open_shop(rig.url, tills=options.tills, members=MEMBERS)
        history = History(options.home / HISTORY, shop)
        counter = Counter(rig.url, shop, history, options.seed)
        crew, field = Crew(counter), make_field(rig, options, history.fault, say)
        with _telling(history, say):
            crew.start()
            wild = Storm(field, faults, options.seed)
            wild.rage(options.seconds)
            say("the storm is over")
            rig.await_ready()
            time.sleep(CALM_SECONDS)
            crew.close()
        history.close()
        verdict = _judge(rig, field, history.path, say)
        verdict.violations += [f"UNANSWERED: {what}" for what in counter.unanswered]
        verdict.violations += [f"MISHAP: {what}" for what in wild.mishaps]
        return verdict


def tell(verdict: Verdict, say: Callable[[str], None], shown: int = 30) -> None:
    """What was found, in words."""
    say(", ".join(f"{name} {count}" for name, count in verdict.counts.items()))
    say(f"slowest POST (while the edge was let be): {verdict.slowest:.2f} s")
    for violation in verdict.violations[:shown]:
        say(f"VIOLATION {violation}")
    if len(verdict.violations) > shown:
        say(f"VIOLATION … and {len(verdict.violations) - shown} more")
    say("nothing lost, nothing doubled" if verdict.ok else f"{len(verdict.violations)} VIOLATIONS")


def make_field(rig: Rig, options: StormOptions, note: Callable[[Window], None], say: Callable[[str], None]) -> Field:
    """What the storm's faults may lay their hands on."""
    assert rig.servers is not None  # noqa: S101 - storms are for the cluster's rig
    rabbit = rig.servers.rabbitmq
    began = time.monotonic()
    return Field(
        rig=rig,
        queues=RabbitQueues(rabbit.url, rabbit.management_url),
        note=note,
        chance=random.Random(options.seed + 1),
        say=lambda what: say(f"{time.monotonic() - began:6.1f} s  {what}"),
        longest=10.0 if options.seconds >= SHORT_STORM_SECONDS else 5.0,
    )


def _judge(rig: Rig, field: Field, history: Path, say: Callable[[str], None]) -> Verdict:
    told = read_history(history)
    began = time.monotonic()
    progress = await_drained(told, rig.database_url, field.queues, Patience())
    say(f"drained after {time.monotonic() - began:.1f} s: {progress}")
    verdict = check(told, rig.database_url, field.injected)
    if not progress.over:
        verdict.violations.insert(0, f"STUCK: {_stuck(progress)}")
    return verdict


def _stuck(progress: Progress) -> str:
    return (
        f"{progress.missing} commands and {progress.followups_missing} follow-ups not settled,"
        f" {progress.owed} messages owed, {progress.waiting} waiting"
    )


class _telling:  # noqa: N801 - used as a statement
    """Tells every few seconds how much was sent."""

    def __init__(self, history: History, say: Callable[[str], None]) -> None:
        self._history, self._say = history, say
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(TELL_SECONDS):
            counts = self._history.counts
            self._say(", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
