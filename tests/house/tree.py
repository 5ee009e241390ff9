"""A source tree to judge: this repository's own, or a few lines made up to see a rule fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("edge", "workers", "models", "schemas", "ops")
FOLDERS = (*PRODUCT, "tests")
TEXTS = ("Procfile", "README.md")


@dataclass(frozen=True)
class Module:
    """One file of Python: its path from the root, and its text."""

    path: str
    text: str

    @cached_property
    def syntax(self) -> ast.Module:
        """The parsed file."""
        return ast.parse(self.text, self.path)

    @property
    def name(self) -> str:
        """As it is imported: `models.rules.money`."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @cached_property
    def names(self) -> dict[str, str]:
        """What a name of this file stands for: imported or defined at its top, in full."""
        known: dict[str, str] = {}
        for node in ast.walk(self.syntax):
            if isinstance(node, ast.ImportFrom) and node.module:
                known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                known |= {alias.asname or alias.name: alias.name for alias in node.names}
        for node in self.syntax.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                known[node.name] = f"{self.name}.{node.name}"
        return known

    def full_name(self, node: ast.AST) -> str:
        """A name or dotted name in full, as far as this file tells; empty for anything else."""
        if isinstance(node, ast.Name):
            return self.names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            owner = self.full_name(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return ""

    def calls(self) -> Iterator[ast.Call]:
        """Every call in the file."""
        return (node for node in ast.walk(self.syntax) if isinstance(node, ast.Call))

    def at(self, node: ast.stmt | ast.expr) -> str:
        """Where something stands."""
        return f"{self.path}:{node.lineno}"


class Tree:
    """Files by their path from the root."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    @classmethod
    def of(cls, root: Path) -> Tree:
        """The files of a repository that rules look at."""
        paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]
        paths += [root / name for name in TEXTS if (root / name).exists()]
        return cls({path.relative_to(root).as_posix(): path.read_text() for path in paths})

    @cached_property
    def modules(self) -> list[Module]:
        """Every file of Python, migrations aside: those are written by a tool."""
        paths = [path for path in self.files if path.endswith(".py") and not path.startswith("models/migrations/")]
        return [Module(path, self.files[path]) for path in paths]

    def under(self, *folders: str) -> list[Module]:
        """The files of some folders."""
        return [module for module in self.modules if module.path.startswith(tuple(f"{f}/" for f in folders))]

    def module(self, path: str) -> Module:
        """One file; an empty one when there is none."""
        return Module(path, self.files.get(path, ""))

    def areas(self) -> tuple[str, ...]:
        """The areas of the shop, as `ops.broker` names them."""
        for node in self.module("ops/broker.py").syntax.body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "AREAS":
                return tuple(ast.literal_eval(node.value))
        return ()


def texts_in(node: ast.AST) -> Iterator[str]:
    """Every string constant within a node."""
    return (each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str))
