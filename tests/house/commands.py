"""That nothing is forgotten: every command handled and given by somebody, every queue consumed, every code known."""

from __future__ import annotations

import ast
import re

from tests.house.functions import Functions
from tests.house.tree import Tree, texts_in

DOCUMENTING = ("takes", "asks", "shows")
ENTRANCES = {"edge.accept.accept", "edge.accept.prepare"}
WRITING_METHODS = ("post", "put", "patch", "delete")
RAISING = ("Refused", "Problem", "problem")
OPS = re.compile(r"python -m ops ([a-z-]+)(?: ([a-z-]+))?")
SCRIPT = re.compile(r"(?<![\w/])\./(\w+)")


def every_command_is_handled(tree: Tree) -> list[str]:
    """Each command has a handler, each handler a command of the catalogue."""
    commands, handled = set(named_commands(tree)), _handled(tree)
    return [f"{name} has no handler" for name in sorted(commands - handled)] + [
        f"{name} is handled, but is no command" for name in sorted(handled - commands)
    ]


def every_command_is_given(tree: Tree) -> list[str]:
    """Each command comes in by a route, follows another command, or is given by the beat."""
    given = _accepted(tree) | _followed(tree)
    beat = set(scheduled(tree))
    return [
        f"{name}: no route accepts it, no handler follows with it, no beat gives it"
        for name, command in sorted(named_commands(tree).items())
        if name not in given and command not in beat
    ]


def every_command_has_a_queue(tree: Tree) -> list[str]:
    """The area in a command's name is one of the areas, which are the queues."""
    areas = tree.areas()
    return [
        f"{command} has no queue" for command in named_commands(tree).values() if command.partition(".")[0] not in areas
    ]


def the_beat_gives_real_commands(tree: Tree) -> list[str]:
    """Each entry of the schedule names a command."""
    known = set(named_commands(tree).values())
    return [f"the beat gives {name}, which is no command" for name in scheduled(tree) if name not in known]


def every_queue_is_consumed(tree: Tree) -> list[str]:
    """Each queue has a line in the Procfile; each queue named there exists."""
    areas = set(tree.areas())
    consumed = {
        queue
        for line in tree.files.get("Procfile", "").splitlines()
        if (found := re.search(r"python -m ops worker (\S+)", line))
        for queue in found[1].split(",")
    }
    return [f"{queue} has no process" for queue in sorted(areas - consumed)] + [
        f"{queue} is consumed, but is no queue" for queue in sorted(consumed - areas)
    ]


def every_code_is_known_and_used(tree: Tree) -> list[str]:
    """Whatever is refused with stands in the catalogue of codes; whatever stands there is refused with somewhere."""
    catalogue = _catalogue(tree)
    speaking = tree.under("edge", "workers", "models")
    raised = [(module, call, code) for module in speaking for call in module.calls() for code in _raised(call)]
    unknown = [f"{module.at(call)} {code} is in no catalogue" for module, call, code in raised if code not in catalogue]
    said = [text for module in speaking for text in texts_in(module.syntax)]
    return unknown + [f"{code} is in the catalogue, but nobody says it" for code in catalogue if said.count(code) < 2]


def every_write_goes_through_accept(tree: Tree, asking: frozenset[str] = frozenset()) -> list[str]:
    """Each POST, PUT, PATCH and DELETE leads to `accept` or `prepare`; `asking` are those that change nothing."""
    functions = Functions(tree, "edge")
    accepting = functions.leading_to(ENTRANCES)
    return [
        f"{module.at(syntax)} {name} writes past accept"
        for name, (module, syntax) in functions.all.items()
        if _is_write_route(syntax) and name not in accepting and name.removeprefix("edge.") not in asking
    ]


def commands_named_exist(text: str, commands: dict[str, set[str]], scripts: set[str]) -> list[str]:
    """Each `python -m ops …` and `./…` of a text exists: `commands` are the names with their subcommands."""
    found = [f"./{name} does not exist" for name in SCRIPT.findall(text) if name not in scripts]
    for name, inner in OPS.findall(text):
        if name not in commands:
            found.append(f"python -m ops {name} does not exist")
        elif commands[name] and inner not in commands[name]:
            found.append(f"python -m ops {name} {inner} does not exist")
    return found


def named_commands(tree: Tree) -> dict[str, str]:
    """Class name -> command name."""
    classes = [node for module in tree.under("schemas") for node in ast.walk(module.syntax)]
    return {node.name: name for node in classes if isinstance(node, ast.ClassDef) for name in _named(node) if name}


def _named(node: ast.ClassDef) -> list[str]:
    return [
        line.value.value
        for line in node.body
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "command"
        if isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
    ]


def _handled(tree: Tree) -> set[str]:
    calls = [call for module in tree.under("workers") for call in module.calls()]
    return {ast.unparse(call.args[0]) for call in calls if _called(call) == "handles" and call.args}


def _accepted(tree: Tree) -> set[str]:
    """Classes that stand in a call of the edge which does more than document."""
    calls = [call for module in tree.under("edge") for call in module.calls() if _called(call) not in DOCUMENTING]
    return {arg.id for call in calls for arg in call.args if isinstance(arg, ast.Name)}


def _followed(tree: Tree) -> set[str]:
    calls = [call for module in tree.under("workers") for call in module.calls()]
    return {ast.unparse(call.args[0]) for call in calls if _called(call) == "follow" and call.args}


def scheduled(tree: Tree) -> list[str]:
    """The commands of the beat's schedule."""
    calls = tree.module("workers/schedule.py").calls()
    return [text for call in calls if _called(call) == "Entry" for arg in call.args[:1] for text in texts_in(arg)]


def _catalogue(tree: Tree) -> list[str]:
    refusals = tree.module("models/rules/refusals.py").calls()
    codes = [text for call in refusals if _called(call) == "_refusal" for text in texts_in(call.args[0])]
    for node in ast.walk(tree.module("edge/errors.py").syntax):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "CODES" and isinstance(node.value, ast.Dict):
            codes += [text for key in node.value.keys if key for text in texts_in(key)]
    return codes


def _raised(call: ast.Call) -> list[str]:
    return list(texts_in(call.args[0])) if _called(call) in RAISING and call.args else []


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _is_write_route(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(_called(each) in WRITING_METHODS for each in function.decorator_list if isinstance(each, ast.Call))
