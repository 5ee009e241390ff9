"""Forgetting is impossible: commands, handlers, routes, queues, codes and schedule fit together. Each rule is seen
to fail, too."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from flask import Flask

from models import merchants
from models.base import Row
from models.migrate import difference
from models.rules.permissions import ALL
from ops.__main__ import COMMANDS, ops
from ops.broker import AREAS
from ops.supervise import read_procfile
from schemas.base import CATALOGUE
from tests.house import commands
from tests.house.tree import ROOT, Tree
from tests.shops import APP
from workers.handlers import HANDLERS
from workers.schedule import SCHEDULE

HERE = Tree.of(ROOT)
PUBLIC = {
    *("health.livez", "health.readyz", "health.figures", "api-docs.openapi_json"),
    *("docs.page", "docs.start", "docs.problem_types", "docs.assets"),
    *("merchants.sign_up", "merchants.enrol", "merchants.terminal_token", "staff.sign_in", "staff.refresh"),
}
"""Routes without a token: for operators, readers of the docs, and those who come to get a token."""
ANYBODY = {"commands.show", "staff.sign_out", "staff.cashier"}
"""Routes for every token, whatever its role."""
ASKING = frozenset(("sales.quote", "merchants.terminal_token", "staff.cashier"))
"""POSTs that change nothing: a price is asked for, a token is given for a key or a PIN."""

Rule = Callable[[Tree], list[str]]
COMMAND = {
    "ops/broker.py": 'AREAS = ("sales", "points")',
    "schemas/sales.py": 'class Checkout(Command):\n    command = "sales.checkout"',
    "models/rules/refusals.py": '_refusal("sales.closed", 409, "The store is closed.")',
}


def writes_go_through_accept(tree: Tree) -> list[str]:
    """As the rule, with the routes that only ask."""
    return commands.every_write_goes_through_accept(tree, ASKING)


RULES: dict[Rule, list[tuple[str, dict[str, str]]]] = {
    commands.every_command_is_handled: [
        ("Checkout has no handler", {}),
        ("Refund is handled, but is no command", {"workers/sales.py": "@handles(Refund)\ndef refund(order): ..."}),
    ],
    commands.every_command_is_given: [
        (
            "Checkout: no route accepts it, no handler follows with it, no beat gives it",
            {"edge/sales.py": "@takes(Checkout)\ndef checkout(): ..."},
        ),
    ],
    commands.every_command_has_a_queue: [
        ("tills.open has no queue", {"schemas/tills.py": 'class Open(Command):\n    command = "tills.open"'}),
    ],
    commands.the_beat_gives_real_commands: [
        ("the beat gives sales.tidy, which is no command", {"workers/schedule.py": 'Entry("sales.tidy", 60)'}),
    ],
    commands.every_queue_is_consumed: [
        ("points has no process", {"Procfile": "checkout: python -m ops worker sales"}),
        ("tills is consumed, but is no queue", {"Procfile": "all: python -m ops worker sales,points,tills"}),
    ],
    commands.every_code_is_known_and_used: [
        ("workers/sales.py:1 sales.shut is in no catalogue", {"workers/sales.py": 'raise Refused("sales.shut")'}),
        ("edge/sales.py:1 sales.shut is in no catalogue", {"edge/sales.py": 'raise errors.Problem("sales.shut")'}),
        ("sales.closed is in the catalogue, but nobody says it", {}),
    ],
    writes_go_through_accept: [
        (
            "edge/sales.py:2 edge.sales.checkout writes past accept",
            {"edge/sales.py": '@blueprint.post("")\ndef checkout():\n    return strike(read_json())'},
        ),
        (
            "edge/sales.py:3 edge.sales.close writes past accept",
            {"edge/sales.py": 'from edge.till import accept\n@blueprint.delete("")\ndef close():\n    accept(Close)'},
        ),
    ],
}
BAD = [(rule, *example) for rule, examples in RULES.items() for example in examples]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_source_keeps_the_rule(rule: Rule) -> None:
    assert rule(HERE) == []


@pytest.mark.parametrize(("rule", "finding", "files"), BAD, ids=[f"{bad[0].__name__}: {bad[1]}" for bad in BAD])
def test_the_rule_is_seen_to_fail(rule: Rule, finding: str, files: dict[str, str]) -> None:
    assert finding in rule(Tree(COMMAND | files))


def test_what_the_rules_read_is_what_runs() -> None:
    known = commands.named_commands(HERE)
    assert set(known.values()) == set(CATALOGUE) == set(HANDLERS)
    assert commands.scheduled(HERE) == [entry.command for entry in SCHEDULE]
    assert HERE.areas() == AREAS


def unguarded(app: Flask, public: set[str]) -> list[str]:
    """Routes that ask for no token and are not on the public list, or for a permission nobody can have."""
    found = []
    for endpoint, view in sorted(app.view_functions.items()):
        permission = getattr(view, "permission", None)
        if (permission is None) is not (endpoint in public):
            found.append(f"{endpoint} demands {permission or 'no token'}")
        elif permission == "any" and endpoint not in ANYBODY:
            found.append(f"{endpoint} is for any token")
        elif permission not in ALL | {None, "any"}:
            found.append(f"{endpoint} demands {permission}, which no role has")
    return found


def test_every_route_demands_a_token_unless_it_is_public() -> None:
    assert unguarded(APP, PUBLIC) == []


def test_a_route_without_a_token_is_reported() -> None:
    def bare() -> str:
        return ""

    def dreaming() -> str:
        return ""

    def open_() -> str:
        return ""

    dreaming.permission = "sales.dream"  # type: ignore[attr-defined]
    open_.permission = "any"  # type: ignore[attr-defined]
    app = Flask("bad", static_folder=None)
    app.add_url_rule("/bare", view_func=bare)
    app.add_url_rule("/dream", view_func=dreaming)
    app.add_url_rule("/open", view_func=open_)
    assert unguarded(app, set()) == [
        "bare demands no token",
        "dreaming demands sales.dream, which no role has",
        "open_ is for any token",
    ]
    assert unguarded(app, {"bare", "dreaming"})[0] == "dreaming demands sales.dream"


def _command_names() -> dict[str, set[str]]:
    """What `python -m ops` knows, with the subcommands of its groups."""
    context = click.Context(ops)
    known = {name: ops.get_command(context, name) for name in ops.list_commands(context)}
    return {name: set(getattr(command, "commands", ())) for name, command in known.items()}


def _scripts() -> set[str]:
    return {path.name for path in ROOT.iterdir() if path.is_file() and os.access(path, os.X_OK)}


def test_every_command_of_the_command_line_can_be_called() -> None:
    for name in COMMANDS:
        assert isinstance(ops.get_command(click.Context(ops), name), click.Command), name


@pytest.mark.parametrize("name", ["README.md", "Procfile"])
def test_commands_that_are_written_down_exist(name: str) -> None:
    assert commands.commands_named_exist(HERE.files.get(name, ""), _command_names(), _scripts()) == []


def test_a_command_written_down_that_does_not_exist_is_reported() -> None:
    text = "Call `./walk`, then `python -m ops fly` and `python -m ops parked forget`; at last ./run."
    assert commands.commands_named_exist(text, _command_names(), _scripts()) == [
        "./walk does not exist",
        "python -m ops fly does not exist",
        "python -m ops parked forget does not exist",
    ]


def test_the_procfile_is_one_the_supervisor_reads() -> None:
    assert {"edge", "relay", "beat"} < set(read_procfile(Path(ROOT / "Procfile")))


def test_migrations_leave_no_difference_to_the_table_classes(database: None) -> None:
    assert str(difference()) == ""


def test_a_table_class_without_a_migration_is_reported(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Shelf(Row):
        """A table no migration makes."""

    monkeypatch.setattr(merchants, "Shelf", Shelf, raising=False)
    assert str(difference()) == "create table shelf"
