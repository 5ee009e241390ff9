"""Which function leads to which, as far as names tell."""

from __future__ import annotations

import ast
from functools import cached_property

from tests.house.tree import Module, Tree

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Functions:
    """The functions of some folders by their full name, methods too."""

    def __init__(self, tree: Tree, *folders: str) -> None:
        self._modules = tree.under(*folders)

    @cached_property
    def all(self) -> dict[str, tuple[Module, Function]]:
        """Full name -> where it stands and its syntax."""
        found: dict[str, tuple[Module, Function]] = {}
        for module in self._modules:
            owners: list[ast.Module | ast.ClassDef] = [module.syntax, *_classes(module)]
            for owner in owners:
                prefix = f"{module.name}.{owner.name}" if isinstance(owner, ast.ClassDef) else module.name
                found |= {f"{prefix}.{each.name}": (module, each) for each in owner.body if isinstance(each, Function)}
        return found

    def mentions(self, name: str) -> set[str]:
        """Full names of everything a function speaks of."""
        module, function = self.all[name]
        return {module.full_name(node) for node in ast.walk(function) if isinstance(node, (ast.Name, ast.Attribute))}

    def leading_to(self, targets: set[str]) -> set[str]:
        """The functions that reach one of `targets`, directly or through others."""
        reached = set(targets)
        grown = True
        while grown:
            more = {name for name in self.all if name not in reached and self.mentions(name) & reached}
            reached |= more
            grown = bool(more)
        return reached


def _classes(module: Module) -> list[ast.ClassDef]:
    return [node for node in module.syntax.body if isinstance(node, ast.ClassDef)]
