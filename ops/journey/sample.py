"""Cut the sample that ships out of the whole input: `python -m ops.journey.sample FOLDER`.

Eight weeks around the change to summer time (12 March 2017) of six busy stores, and single baskets, most of
other stores, that show what those weeks lack. The same input always gives the same bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import sys
from collections.abc import Iterable
from pathlib import Path

from ops.journey.rows import HEADER, SAMPLE, transactions

WEEKS = range(8, 16)
STORES = frozenset(("343", "356", "361", "367", "381", "406"))
ODD_BASKETS = {
    "31769072118": "nothing sold, yet a coupon taken in (store 309)",
    "32161668357": "coupons above what was payable (store 421)",
    "33655186828": "coupons above what was payable (store 447)",
    "32022200980": "a coupon matched by more than its worth (store 1039)",
    "32509745641": "two coupons matched by more than their worth (store 30685)",
    "33180343833": "coupons above what was payable (store 321)",
    "33409713870": "three lines without quantity, given away (store 321)",
    "31468354253": "goods given away: nothing payable, no tender (store 406, before its weeks)",
    "32137470171": "binary noise in the discount of a line that was sold (store 327)",
}
LEVEL = 9


def cut(folder: Path, target: Path = SAMPLE) -> tuple[int, int]:
    """Write the sample into a folder; how many lines and products it has."""
    source = transactions(folder)
    with gzip.open(source, "rt", newline="") as file:
        records = [record for record in csv.reader(file) if _chosen(record)]
    sold = {record[3] for record in records}
    with gzip.open(folder / "products.csv.gz", "rt", newline="") as file:
        heading, *products = csv.reader(file)
    described = [product for product in products if product[0] in sold]
    _write(target / "transactions.csv.gz", [HEADER.split(","), *records])
    _write(target / "products.csv.gz", [heading, *described])
    return len(records), len(described)


def _chosen(record: list[str]) -> bool:
    _, store, basket, *_, week, _ = record
    return basket in ODD_BASKETS or (store in STORES and week.isdigit() and int(week) in WEEKS)


def _write(path: Path, records: Iterable[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(records)
    with path.open("wb") as file, gzip.GzipFile("", "wb", LEVEL, file, mtime=0) as packed:
        packed.write(text.getvalue().encode())


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m ops.journey.sample FOLDER")
    print("{} lines, {} products".format(*cut(Path(sys.argv[1]))))
