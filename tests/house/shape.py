"""Names, sizes and the sameness of nouns."""

from __future__ import annotations

import ast

from tests.house.functions import Function
from tests.house.tree import Tree

FILE_LINES_MAX = 250
FUNCTION_LINES_MAX = 50
MEANINGLESS = {"common", "helper", "helpers", "manager", "managers", "misc", "service", "services", "util", "utils"}
PLACES = ("edge/{}.py", "schemas/{}.py", "workers/{}.py", "models/{}.py", "tests/test_{}.py")
EXACT_FOLDERS = ("models", "schemas")


def packages_are_empty(tree: Tree) -> list[str]:
    """Importing a rule must never open a database: an `__init__.py` does nothing."""
    return [f"{path} is not empty" for path, text in tree.files.items() if path.endswith("__init__.py") and text]


def names_mean_something(tree: Tree) -> list[str]:
    """No module is called by a word that says nothing."""
    return [
        f"{path} is called {word}"
        for path in tree.files
        for word in MEANINGLESS & set(path.removesuffix(".py").replace("_", "/").split("/"))
    ]


def an_area_has_its_noun_everywhere(tree: Tree) -> list[str]:
    """The same noun names the file in every folder, the URL prefix and the test."""
    wanted = [place.format(area) for area in tree.areas() for place in PLACES]
    found = [f"{path} is missing" for path in wanted if path not in tree.files]
    for area in tree.areas():
        edge = tree.files.get(f"edge/{area}.py", "")
        if edge and f'url_prefix="/v1/{area}"' not in edge:
            found.append(f"edge/{area}.py does not serve /v1/{area}")
    return found


def files_are_short(tree: Tree) -> list[str]:
    """A file that outgrows its limit is two nouns."""
    lengths = {module.path: len(module.text.splitlines()) for module in tree.modules}
    return [f"{path} has {lines} lines" for path, lines in lengths.items() if lines > FILE_LINES_MAX]


def functions_are_short(tree: Tree) -> list[str]:
    """A function does one thing."""
    return [
        f"{module.at(node)} {node.name} has {lines} lines"
        for module in tree.modules
        for node in ast.walk(module.syntax)
        if isinstance(node, Function) and (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX
    ]


def figures_are_whole(tree: Tree) -> list[str]:
    """No float in rules, schemas and models: no annotation, literal, call, true division."""
    return [
        f"{module.at(node)} {ast.unparse(node)}"
        for module in tree.under(*EXACT_FOLDERS)
        for node in ast.walk(module.syntax)
        if isinstance(node, ast.expr | ast.stmt) and _is_float(node)
    ]


def _is_float(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float)
    if isinstance(node, (ast.BinOp, ast.AugAssign)):
        return isinstance(node.op, ast.Div) and not _joins_paths(node)
    return isinstance(node, ast.Name) and node.id == "float"


def _joins_paths(node: ast.BinOp | ast.AugAssign) -> bool:
    """`folder / "name"`: the right side is text."""
    right = node.right if isinstance(node, ast.BinOp) else node.value
    return isinstance(right, (ast.Constant, ast.JoinedStr)) and not isinstance(getattr(right, "value", ""), int | float)
