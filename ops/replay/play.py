"""`python -m ops replay`: play real baskets as tills would, over HTTP alone, and go on after any interruption."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ops.journey.baskets import Basket
from ops.journey.catalogue import Catalogue, read_catalogue
from ops.journey.rows import InputFault
from ops.replay import settling
from ops.replay.edge import Edge
from ops.replay.opening import Opening, uploads
from ops.replay.plan import UNPOSTED, plan
from ops.replay.progress import Progress
from ops.replay.stage import ReplayOptions, Stage, Summary, set_stage
from ops.replay.state import State
from ops.replay.till import Counter, Failures, Ids, Pace, Rung, share_out

FAILURES_SHOWN = 20
Item = TypeVar("Item")


def replay(options: ReplayOptions, say: Callable[[str], None] = print) -> Summary:
    """Play the chosen baskets and wait until they are settled."""
    speed = _factor(options.speed)
    state = State(options.state)
    try:
        return _replay(set_stage(options, state, say), speed)
    finally:
        state.close()


def _factor(speed: str) -> float:
    if speed == "flat":
        return 0.0
    try:
        factor = float(speed)
    except ValueError:
        raise InputFault(f"speed is flat or a number of times real time, not {speed!r}") from None
    if not 0 < factor < float("inf"):
        raise InputFault(f"speed is flat or above nothing, not {speed!r}")
    return factor


def _replay(stage: Stage, speed: float) -> Summary:
    summary = Summary()
    stage.say(f"reading {stage.options.input}")
    catalogue = read_catalogue(stage.options.input)
    baskets = plan(stage, catalogue, summary)
    _open(stage, catalogue, baskets)
    places = stage.state.unanswered()
    _post(stage, [(basket, places[basket.id]) for basket in baskets if basket.id in places], speed, summary)
    _settle(stage, summary)
    _tell(stage, summary)
    return summary


def _open(stage: Stage, catalogue: Catalogue, baskets: list[Basket]) -> None:
    """Everything that must be there before the first sale."""
    state, opening = stage.state, Opening(stage.state, stage.owner, catalogue)
    if not state.all("SELECT code FROM store"):
        return
    opening.merchant(stage.edge)
    opening.stores(stage.edge)
    tills = state.all("SELECT store, number FROM till WHERE key IS NULL ORDER BY 1, 2")
    _each(stage, "tills", tills, opening.till)
    _open_products(stage, opening, baskets)
    undelivered = [row[0] for row in state.all("SELECT code FROM store WHERE delivered = 0 ORDER BY code")]
    _each(stage, "deliveries", undelivered, opening.delivery)
    enrolled = {row[0] for row in state.all("SELECT household FROM member")}
    households = sorted({basket.household for basket in baskets} - enrolled, key=int)
    _each(stage, "members", households, opening.member)


def _open_products(stage: Stage, opening: Opening, baskets: list[Basket]) -> None:
    """What is sold or delivered and not loaded yet."""
    catalogue, state = opening.catalogue, stage.state
    codes = {line.product for basket in baskets for line in basket.lines}
    for (store,) in state.all("SELECT code FROM store WHERE delivered = 0"):
        codes |= {code for code, _ in catalogue.deliveries(store)}
    codes -= {row[0] for row in state.all("SELECT code FROM sku")}
    products = [catalogue.products[code] for code in sorted(codes, key=int)]
    with Progress("products", len(products), stage.say) as progress:
        for upload in uploads(products):
            opening.products(stage.edge, upload)
            progress.add(len(upload))


def _each(stage: Stage, what: str, items: list[Item], task: Callable[[Edge, Item], None]) -> None:
    """One step of the opening, shared out over all hands."""
    with Progress(what, len(items), stage.say) as progress:

        def one(edge: Edge, item: Item) -> None:
            task(edge, item)
            progress.add()

        stage.crew.work(items, one)


def _post(stage: Stage, rung: list[Rung], speed: float, summary: Summary) -> None:
    if not rung:
        return
    ids, failures = Ids.of(stage.state), Failures()
    pace = Pace(speed, rung[0][0].sold_at)
    retries = stage.crew.retries
    with Progress("baskets", len(rung), stage.say) as progress:

        def ring_up(edge: Edge, load: list[Rung]) -> None:
            counter = Counter(edge, stage.state, ids, failures)
            counter.ring_up(load, lambda basket: pace.wait(basket.sold_at, stage.patience), progress.add)

        stage.crew.work(share_out(rung, stage.options.terminals), ring_up)
        summary.seconds = progress.seconds
    summary.sent = len(rung) - len(failures.told)
    summary.retries = stage.crew.retries - retries
    summary.failures += failures.told


def _settle(stage: Stage, summary: Summary) -> None:
    wanted = stage.state.accepted()
    if wanted == 0 or settling.await_reports(stage.edge, stage.owner, wanted=wanted, say=stage.say):
        return
    stage.say("the reports stand still: asking for every sale")
    summary.failures += settling.unsettled(stage.crew, stage.state, stage.owner)
    summary.settled = False


def _tell(stage: Stage, summary: Summary) -> None:
    say = stage.say
    rate = summary.sent / max(summary.seconds, 0.001)
    say(f"posted {summary.sent} baskets in {summary.seconds:.1f} s ({rate:.0f}/s), {summary.before} before")
    say(f"requests sent again with the same key: {summary.retries}")
    for (fate, reason), count in sorted(summary.remarks.items()):
        say(f"{fate}: {count} ({reason})")
    if summary.remarks:
        say(f"each of them, with its row: {stage.options.state / UNPOSTED}")
    for failure in summary.failures[:FAILURES_SHOWN]:
        say(f"DEFECT {failure}")
    if len(summary.failures) > FAILURES_SHOWN:
        say(f"DEFECT … and {len(summary.failures) - FAILURES_SHOWN} more")
    say("everything is settled" if summary.ok else "NOT everything is settled")
