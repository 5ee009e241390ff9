"""The house rules of the source: who imports whom, names, sizes, whole numbers. Each is seen to fail, too."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.house import imports, shape
from tests.house.tree import ROOT, Tree

HERE = Tree.of(ROOT)
AREAS = {"ops/broker.py": 'AREAS = ("sales", "points")'}
LONG = "\n".join(["def f():", *["    pass"] * 50])

Rule = Callable[[Tree], list[str]]


def said(finding: str, *files: str) -> tuple[str, dict[str, str]]:
    """What a rule must say about files, each given as its path, a colon, and its text."""
    return finding, {path: text for path, _, text in (file.partition(": ") for file in files)}


RULES: dict[Rule, list[tuple[str, dict[str, str]]]] = {
    imports.imports_point_downwards: [
        said("edge/sales.py:1 imports workers.sales.checkout", "edge/sales.py: from workers.sales import checkout"),
        said("schemas/sales.py:1 imports models.sales", "schemas/sales.py: import models.sales"),
        said("models/rules/sales.py:1 imports models.base.db", "models/rules/sales.py: from models.base import db"),
        said("models/rules/sales.py:1 imports ops.logs", "models/rules/sales.py: from ops import logs"),
        said("models/sales.py:1 imports schemas.sales", "models/sales.py: from schemas import sales"),
        said("models/sales.py:1 imports ..points", "models/sales.py: from . import points"),
        said("workers/sales.py:1 imports edge.accept", "workers/sales.py: import edge.accept"),
        said("workers/app.py:1 imports ops.cli.check", "workers/app.py: from ops.cli import check"),
        said("ops/cache.py:1 imports models.base.db", "ops/cache.py: from models.base import db"),
        said("ops/cli/check.py:1 imports tests.shops", "ops/cli/check.py: from tests import shops"),
    ],
    imports.rules_are_pure: [
        said("models/rules/days.py:1 imports time", "models/rules/days.py: import time"),
        said("models/rules/days.py:1 calls datetime.now", "models/rules/days.py: at = datetime.now(UTC)"),
        said("models/rules/days.py:1 calls open", "models/rules/days.py: open('zones')"),
    ],
    imports.nothing_is_imported_inside_functions: [
        said("models/sales.py:2 imports", "models/sales.py: def f():\n    import os"),
        said("ops/cache.py:2 loads a module by name", "ops/cache.py: def f():\n    importlib.import_module('x')"),
    ],
    imports.areas_keep_apart: [
        (
            "workers/sales.py:1 imports workers.points.accrue",
            AREAS | {"workers/sales.py": "from workers.points import accrue"},
        ),
        (
            "schemas/till.py:1 imports schemas.staff",
            {
                f"{folder}/{noun}.py": "from schemas import staff"
                for folder in imports.APART
                for noun in ("staff", "till")
            },
        ),
    ],
    imports.the_edge_only_reads: [
        said("edge/sales.py:1 calls Sale.insert", "edge/sales.py: Sale.insert(id=1).execute()"),
        said("edge/sales.py:1 calls sales.Sale.create", "edge/sales.py: sales.Sale.create(id=1)"),
        said("edge/sales.py:1 calls Sale.update", "edge/sales.py: Sale.update(state='void').execute()"),
        said("edge/sales.py:1 calls Sale.select().first().save", "edge/sales.py: Sale.select().first().save()"),
        said("edge/sales.py:2 uses models.rows.execute", "edge/sales.py: from models.rows import execute\nexecute('')"),
        said(
            "edge/sales.py:2 uses models.base.db.transact", "edge/sales.py: from models.base import db\ndb.transact()"
        ),
        said(
            "edge/sales.py:2 uses models.sales.strike",
            "models/sales.py: def strike():\n    _write()\n\ndef _write():\n    Sale.insert(id=1)",
            "edge/sales.py: from models import sales\nsales.strike()",
        ),
        said(
            "edge/sales.py:2 uses models.sales.Sale.void",
            "models/sales.py: class Sale:\n    def void(self):\n        self.row.delete_instance()",
            "edge/sales.py: from models.sales import Sale\nSale.void(1)",
        ),
    ],
    shape.packages_are_empty: [said("edge/__init__.py is not empty", "edge/__init__.py: from edge.app import app")],
    shape.names_mean_something: [
        said("ops/utils.py is called utils", "ops/utils.py: "),
        said("models/sales_manager.py is called manager", "models/sales_manager.py: "),
    ],
    shape.an_area_has_its_noun_everywhere: [
        ("workers/sales.py is missing", AREAS),
        ("tests/test_points.py is missing", AREAS),
        ("edge/sales.py does not serve /v1/sales", AREAS | {"edge/sales.py": 'Blueprint(url_prefix="/v1/tills")'}),
    ],
    shape.files_are_short: [("ops/cache.py has 251 lines", {"ops/cache.py": "x = 1\n" * 251})],
    shape.functions_are_short: [said("ops/cache.py:1 f has 51 lines", f"ops/cache.py: {LONG}")],
    shape.figures_are_whole: [
        said("models/rules/money.py:1 float", "models/rules/money.py: def f(cents: float): ..."),
        said("models/sales.py:1 1.5", "models/sales.py: price = 1.5"),
        said("schemas/sales.py:1 float", "schemas/sales.py: price = float('1')"),
        said("models/points.py:1 a / b", "models/points.py: x = a / b"),
        said("models/points.py:1 x /= 2", "models/points.py: x /= 2"),
    ],
}
BAD = [(rule, *example) for rule, examples in RULES.items() for example in examples]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule: Rule) -> None:
    assert rule(HERE) == []


@pytest.mark.parametrize(("rule", "finding", "files"), BAD, ids=[f"{bad[0].__name__}: {bad[1]}" for bad in BAD])
def test_the_rule_is_seen_to_fail(rule: Rule, finding: str, files: dict[str, str]) -> None:
    assert finding in rule(Tree(files))


def test_what_is_judged_is_the_whole_source() -> None:
    assert {path.partition("/")[0] for path in HERE.files} >= {"edge", "workers", "models", "schemas", "ops", "tests"}
    assert set(HERE.areas()) >= {"merchants", "members", "catalogue", "sales", "points", "reports"}
