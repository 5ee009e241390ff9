"""A storm over real baskets: `replay` is the load, and `verify` the judge, to the cent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from ops.journey.rows import SAMPLE
from ops.journey.verify import VerifyOptions, verify
from ops.replay.play import replay
from ops.replay.stage import ReplayOptions
from ops.storm.checker import check_left_over
from ops.storm.rig import CLUSTER, Rig
from ops.storm.run import StormOptions, make_field
from ops.storm.storm import Storm, chosen

PATIENCE_SECONDS = 900.0
MERCHANT = "journey"


@dataclass(frozen=True, slots=True)
class Played:
    """Which baskets are played."""

    input: Path = SAMPLE
    weeks: str = ""
    stores: str = ""
    tills: int = 8


def storm_replayed(options: StormOptions, baskets: Played, say: Callable[[str], None] = print) -> bool:
    """Play the baskets while it storms, for at most so long; True when nothing differs from the input."""
    faults = chosen(options.faults)
    state = options.home / "replay"
    say(f"storm over a replay: seed {options.seed}, at most {options.seconds:.0f} s, in {options.home}")
    with Rig(options.home, CLUSTER) as rig, ThreadPoolExecutor(1) as pool:
        field = make_field(rig, options, lambda _: None, say)
        wild, played = Storm(field, faults, options.seed), threading.Event()
        playing = pool.submit(replay, _replay_options(rig, baskets, state), say)
        playing.add_done_callback(lambda _: played.set())
        wild.rage(options.seconds, played)
        say("the storm is over")
        rig.await_ready()
        summary = playing.result()
        equal = verify(VerifyOptions(baskets.input, state, MERCHANT, rig.database_url), say)
        wrong = check_left_over(rig.database_url, field.injected) + [f"MISHAP: {what}" for what in wild.mishaps]
    for violation in wrong:
        say(f"VIOLATION {violation}")
    return summary.ok and equal and not wrong


def _replay_options(rig: Rig, baskets: Played, state: Path) -> ReplayOptions:
    return ReplayOptions(
        url=rig.url,
        input=baskets.input,
        state=state,
        merchant=MERCHANT,
        terminals=baskets.tills,
        weeks=baskets.weeks,
        stores=baskets.stores,
        patience_s=PATIENCE_SECONDS,
    )
