"""What a bench tells: for people as text, for machines as JSON."""

from __future__ import annotations

import statistics
from typing import Any

from ops.bench.bars import Tally, Verdict, verdicts


def as_text(tally: Tally) -> str:
    """A bar's verdicts, what ran, absolute figures and where the CPU went."""
    lines = [_verdict(verdict) for verdict in verdicts(tally)]
    lines += [f"    {what}: {_median(values)}" for what, values in tally.notes.items()]
    lines += [f"    {on}: {_shares(groups)}" for on, groups in tally.cpu.items()]
    lines += [f"{tally.bar}: FAILED: {failure}" for failure in tally.failures]
    return "\n".join([*lines, f"    ran: {tally.ran}"])


def as_json(tally: Tally) -> dict[str, Any]:
    """The same, as plain values."""
    return {
        "bar": tally.bar,
        "figures": [
            {
                "figure": verdict.figure.key,
                "what": verdict.figure.what,
                "unit": verdict.figure.unit,
                "limit": verdict.figure.limit,
                "at_most": verdict.figure.at_most,
                "median": verdict.median,
                "samples": list(verdict.samples),
                "reached": verdict.reached,
            }
            for verdict in verdicts(tally)
        ],
        "information": {what: statistics.median(values) for what, values in tally.notes.items()},
        "cpu": {
            on: {group: statistics.median(values) for group, values in groups.items()}
            for on, groups in tally.cpu.items()
        },
        "ran": tally.ran,
        "failures": tally.failures,
    }


def _verdict(verdict: Verdict) -> str:
    figure, samples = verdict.figure, verdict.samples
    bar = f"{'<=' if figure.at_most else '>='} {figure.limit:g} {figure.unit}"
    word = "reached" if verdict.reached else "MISSED"
    spread = f"{min(samples):.2f} to {max(samples):.2f} in {len(samples)}"
    return f"{figure.key:<13} {verdict.median:8.2f} {figure.unit:<2} bar {bar:<10} {word:<8} ({spread})  {figure.what}"


def _median(values: list[float]) -> str:
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def _shares(groups: dict[str, list[float]]) -> str:
    return ", ".join(f"{group} {statistics.median(values):,.0f}" for group, values in groups.items())
