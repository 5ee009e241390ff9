"""Before anything is sent: which baskets, at which till, in which order; and what cannot be posted, and why."""

from __future__ import annotations

import csv
from pathlib import Path

from ops.journey.baskets import Basket, Remark, Unpostable, read_baskets
from ops.journey.catalogue import Catalogue
from ops.journey.rows import Selection
from ops.journey.shop import till_of
from ops.replay.stage import Stage, Summary

UNPOSTED = "unposted.csv"


def plan(stage: Stage, catalogue: Catalogue, summary: Summary) -> list[Basket]:
    """Number the chosen baskets that are new; those that are still to be sent, in order of time."""
    options, state = stage.options, stage.state
    chosen = Selection.of(options.weeks, options.stores)
    known, open_ = state.places(), state.unanswered()
    wanted: list[Basket] = []
    remarks: list[Remark] = []
    for basket in read_baskets(options.input, catalogue, None if open_ else chosen):
        selected = chosen.covers(basket.week, basket.store)
        if selected:
            remarks += basket.remarks
        if basket.id in open_ or (selected and basket.lines and basket.id not in known):
            wanted.append(basket)
    _keep_remarks(options.state / UNPOSTED, remarks)
    summary.remarks.update((_fate(remark), remark.reason) for remark in remarks)
    summary.before = len(known) - len(open_)
    _number(stage, [basket for basket in wanted if basket.id not in known])
    return wanted


def _number(stage: Stage, fresh: list[Basket]) -> None:
    state = stage.state
    stores = sorted({basket.store for basket in fresh}, key=int)
    if state.note("tills") is None and stores:
        state.keep("tills", str(-(-stage.options.terminals // len(stores))))
    tills = int(state.note("tills") or 1)
    state.write("INSERT OR IGNORE INTO store (code) VALUES (?)", [(store,) for store in stores])
    numbered = [(basket.id, basket.store, till_of(basket.id, tills)) for basket in fresh]
    state.write("INSERT OR IGNORE INTO till (store, number) VALUES (?, ?)", sorted({row[1:] for row in numbered}))
    state.number(numbered)


def _fate(remark: Remark) -> str:
    return "not posted" if isinstance(remark, Unpostable) else "posted otherwise"


def _keep_remarks(path: Path, remarks: list[Remark]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "basket", "product", "fate", "reason", "cents"))
        writer.writerows((r.row, r.basket, r.product, _fate(r), r.reason, r.cents) for r in remarks)
