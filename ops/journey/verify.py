"""`python -m ops verify`: is the database what the input says it must be, to the cent?"""

from __future__ import annotations

import csv
import gzip
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from ops.journey.baskets import Basket, Unpostable, read_baskets
from ops.journey.catalogue import read_catalogue
from ops.journey.expect import Opened, Table, expect
from ops.journey.ledger import UNBALANCED, VIEWS, Ledger, open_ledger, terminal_key
from ops.journey.rows import SAMPLE, Complaint, fingerprint, transactions
from ops.replay.state import FILE, State
from ops.settings import settings

SHOWN = 10
FOLLOWED_BY = ("sales.checkout", "points.accrue", "reports.roll_up")


class NothingReplayed(Complaint):
    """The state folder knows of no replay."""


@dataclass(frozen=True)
class VerifyOptions:
    """What to compare with what. An empty database address means the one this installation runs on."""

    input: Path = SAMPLE
    state: Path = Path("var/replay")
    merchant: str = "journey"
    database_url: str = ""
    patience_s: float = 30


@dataclass
class Account:
    """What all baskets and remarks together say of the input, while they pass through `of`."""

    rows: int = 0
    cents: int = 0

    def of(self, baskets: Iterable[Basket]) -> Iterator[Basket]:
        """The same baskets, counted."""
        for basket in baskets:
            unposted = [remark for remark in basket.remarks if isinstance(remark, Unpostable)]
            self.rows += len(basket.lines) + len(unposted)
            self.cents += basket.net_cents + sum(remark.cents for remark in unposted)
            yield basket


@dataclass
class Findings:
    """Counts what was compared and prints it; any difference makes the whole unequal."""

    say: Callable[[str], None]
    differences: int = 0

    def compare(self, name: str, expected: Table, found: Table) -> None:
        """Hold a table against what it should be, key by key."""
        wrong = list(_differences(expected, found))
        self._note(name, f"{len(expected):>9} rows", len(wrong))
        for key, should, is_ in wrong[:SHOWN]:
            self.say(f"    {key}: expected {should}, found {is_}")

    def check(self, name: str, expected: Any, found: Any) -> None:
        """Hold one figure against what it should be."""
        self._note(name, f"{found!s:>9}", int(expected != found))
        if expected != found:
            self.say(f"    expected {expected}, found {found}")

    def _note(self, name: str, what: str, wrong: int) -> None:
        self.differences += wrong
        self.say(f"  {name:<28} {what:>16}   {wrong} differences")


def verify(options: VerifyOptions, say: Callable[[str], None] = print) -> bool:
    """Compare every table and report; True when all are equal."""
    if not (options.state / FILE).exists():
        raise NothingReplayed(f"{options.state} knows of no replay: run `python -m ops replay` first")
    state = State(options.state)
    try:
        return _verify(options, state, say)
    finally:
        state.close()


def _verify(options: VerifyOptions, state: State, say: Callable[[str], None]) -> bool:
    state.bind("input", fingerprint(options.input))
    say(f"reading {options.input}")
    catalogue = read_catalogue(options.input)
    ledger = open_ledger(options.database_url or settings().database_url)
    ledger.find(options.merchant)
    findings = Findings(say)
    _wait_until_settled(ledger, state, options.patience_s)
    ledger.know(_names_of_sales(state))
    account = Account()
    told = account.of(read_baskets(options.input, catalogue))
    expected = expect(_accepted(told, state, ledger), catalogue, _opened(state))
    sales = len(expected.get("sale", {}))
    say("comparing")
    for name in VIEWS:
        findings.compare(name, expected.pop(name, {}), ledger.table(name))
    _check_books(findings, ledger, sales)
    _check_input(findings, options.input, account)
    say("equal" if findings.differences == 0 else f"different: {findings.differences} differences")
    return findings.differences == 0


def _names_of_sales(state: State) -> dict[tuple[bytes, int], str]:
    tills = {(store, number): id_ for store, number, id_ in state.all("SELECT store, number, id FROM till") if id_}
    return {
        (terminal_key(tills[place.store, place.till]), place.sequence): basket
        for basket, place in state.places().items()
        if (place.store, place.till) in tills
    }


def _accepted(told: Iterable[Basket], state: State, ledger: Ledger) -> Iterator[Basket]:
    """Baskets known to be accepted must be there; of those still under way, the ones that are count."""
    settled = set(ledger.names["basket"].values())
    unsure = set(state.unanswered()) - settled
    wanted = set(state.places()) - unsure
    return (basket for basket in told if basket.id in wanted)


def _opened(state: State) -> Opened:
    stores = [row[0] for row in state.all("SELECT code FROM store WHERE delivered = 1")]
    households = [row[0] for row in state.all("SELECT household FROM member")]
    products = [row[0] for row in state.all("SELECT code FROM sku")]
    return Opened(frozenset(stores), frozenset(households), frozenset(products))


def _wait_until_settled(ledger: Ledger, state: State, patience_s: float) -> None:
    """Follow-ups may still be on their way: wait while their number moves."""
    wanted = state.accepted()
    seen, since = None, time.monotonic()
    while time.monotonic() - since < patience_s:
        receipts = ledger.receipts()
        counts = [receipts.get(f"{name} done", 0) for name in FOLLOWED_BY] + [ledger.waiting()]
        if min(counts[:3]) >= wanted and counts[3] == 0:
            return
        if counts != seen:
            seen, since = counts, time.monotonic()
        time.sleep(0.25)


def _check_books(findings: Findings, ledger: Ledger, sales: int) -> None:
    for check in UNBALANCED:
        findings.compare(check, {}, {row[:-1]: row[-1:] for row in ledger.unbalanced(check)})
    receipts = ledger.receipts()
    for name in FOLLOWED_BY:
        findings.check(f"receipts {name}", sales, receipts.pop(f"{name} done", 0))
    not_done = {state: count for state, count in receipts.items() if not state.endswith(" done")}
    findings.check("receipts not done", {}, not_done)
    findings.check("outbox", 0, ledger.waiting())
    findings.check("parked", 0, ledger.parked())


def _check_input(findings: Findings, folder: Path, account: Account) -> None:
    """Every row and every cent of the file is in a basket or in a remark."""
    with gzip.open(transactions(folder), "rt", newline="") as file:
        values = [Decimal(record["sales_value"]) for record in csv.DictReader(file)]
    findings.check("rows of the input", len(values), account.rows)
    findings.check("cents of the input", round(sum(values) * 100), account.cents)


def _differences(expected: Table, found: Table) -> Iterator[tuple[Any, Any, Any]]:
    for key, values in expected.items():
        if found.get(key) != values:
            yield key, values, found.get(key)
    for key, values in found.items():
        if key not in expected:
            yield key, None, values
