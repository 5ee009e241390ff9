"""How much of what a bench runs: enough for a verdict, or just enough to see that it works."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of the runs; a number of `sales` or `accruals` is what one run settles, seconds are of load."""

    runs: int = 3
    sales: int = 12_000
    sales_of_two: int = 20_000
    sales_row_by_row: int = 600
    bulk_rows: int = 100_000
    accruals: int = 40_000
    accruals_row_by_row: int = 1_200
    warm_seconds: float = 3
    path_seconds: float = 10
    echo_seconds: float = 5
    textbook_seconds: float = 4
    clients: int = 32
    textbook_clients: tuple[int, ...] = (2, 8, 16)
    latency_seconds: float = 15
    latency_rate: int = 200
    stored_few: int = 10_000
    stored_many: int = 5_000_000


def full(runs: int) -> Plan:
    """For a verdict."""
    return Plan(runs=runs)


def quick(runs: int) -> Plan:
    """To see that everything works; the figures tell little."""
    return Plan(
        runs=runs,
        sales=2_000,
        sales_of_two=4_000,
        sales_row_by_row=60,
        bulk_rows=20_000,
        accruals=4_000,
        accruals_row_by_row=100,
        warm_seconds=1,
        path_seconds=3,
        echo_seconds=2,
        textbook_seconds=2,
        latency_seconds=4,
        stored_many=200_000,
    )
