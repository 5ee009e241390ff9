"""Who may import whom, and who may write."""

from __future__ import annotations

import ast

from tests.house.functions import Functions
from tests.house.tree import FOLDERS, Module, Tree

MAY_IMPORT = {
    "models/rules/": ("models.rules",),
    "schemas/": ("schemas", "models.rules"),
    "models/": ("models", "ops"),
    "workers/": ("workers", "schemas", "models", "ops"),
    "edge/": ("edge", "schemas", "models", "ops"),
    "ops/": ("ops",),
}
COMMAND_LINE = ("ops.__main__", "ops.cli", "ops.journey", "ops.replay", "ops.bench", "ops.storm")
IMPURE = ("io", "logging", "os", "pathlib", "random", "secrets", "socket", "sqlite3", "subprocess", "threading", "time")
APART = ("edge", "schemas", "workers")
CLOCKS = ("now", "utcnow", "today", "time", "monotonic")
LOADERS = ("import_module", "__import__")
MAY_LOAD = {"edge/app.py", "ops/__main__.py"}
"""`create_app` loads the areas' blueprints; the command line loads the command that is called."""

WRITES = {f"models.rows.{verb}" for verb in ("insert_rows", "upsert_rows", "overwrite_rows", "execute")}
VERBS = {"insert", "replace", "update", "delete", "create"}
ROW_VERBS = {"insert_many", "bulk_create", "get_or_create", "save", "delete_instance"}
TRANSACTIONS = {f"models.base.db.{verb}" for verb in ("transact", "atomic", "execute_sql")}


def imports_point_downwards(tree: Tree) -> list[str]:
    """Every folder imports only what its line of the table names; nobody but tests imports the command line."""
    return [
        f"{module.at(node)} imports {name}"
        for module in tree.under(*FOLDERS[:-1])
        for node, name in _imports(module)
        if not _may_import(module, name)
    ]


def rules_are_pure(tree: Tree) -> list[str]:
    """Rules know no files, no network, no clock and no chance."""
    found = []
    for module in tree.under("models/rules"):
        found += [
            f"{module.at(node)} imports {name}"
            for node, name in _imports(module, ours=False)
            if name.partition(".")[0] in IMPURE
        ]
        for call in module.calls():
            clock = isinstance(call.func, ast.Attribute) and call.func.attr in CLOCKS
            if clock or ast.unparse(call.func) in ("open", "print", "input"):
                found.append(f"{module.at(call)} calls {ast.unparse(call.func)}")
    return found


def nothing_is_imported_inside_functions(tree: Tree) -> list[str]:
    """Imports stand at the top; loading by name is for the two places that must."""
    found = []
    for module in tree.modules:
        inner = [
            node
            for function in ast.walk(module.syntax)
            if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef))
            for node in ast.walk(function)
        ]
        found += [f"{module.at(node)} imports" for node in inner if isinstance(node, (ast.Import, ast.ImportFrom))]
        if module.path not in MAY_LOAD:
            loading = [call for call in module.calls() if ast.unparse(call.func).endswith(LOADERS)]
            found += [f"{module.at(call)} loads a module by name" for call in loading]
    return sorted(set(found))


def areas_keep_apart(tree: Tree) -> list[str]:
    """In edge, schemas and workers the file of one noun does not import that of another."""
    found = []
    for folder in APART:
        areas = {f"{folder}.{noun}" for noun in _nouns(tree)}
        for module in tree.under(folder):
            if module.name in areas:
                others = areas - {module.name}
                found += [f"{module.at(n)} imports {name}" for n, name in _imports(module) if _within(name, others)]
    return found


def the_edge_only_reads(tree: Tree) -> list[str]:
    """The edge calls no writing verb of a model, nor a function of `models` that leads to one."""
    writing = _writing(tree)
    found = []
    for module in tree.under("edge"):
        for node in ast.walk(module.syntax):
            if isinstance(node, (ast.Name, ast.Attribute)) and module.full_name(node) in writing | TRANSACTIONS:
                found.append(f"{module.at(node)} uses {module.full_name(node)}")
        found += [f"{module.at(call)} calls {ast.unparse(call.func)}" for call in module.calls() if _writes(call)]
    return found


def _nouns(tree: Tree) -> set[str]:
    """The areas, and what else has a file of its own in each of the folders that are kept apart."""
    stems = [{module.name.rpartition(".")[2] for module in tree.under(folder)} for folder in APART]
    return set(tree.areas()) | set.intersection(*stems)


def _writing(tree: Tree) -> set[str]:
    functions = Functions(tree, "models")
    direct = {
        name
        for name, (_, syntax) in functions.all.items()
        if any(isinstance(node, ast.Call) and _writes(node) for node in ast.walk(syntax))
    }
    return functions.leading_to(WRITES | direct | TRANSACTIONS) - TRANSACTIONS


def _writes(call: ast.Call) -> bool:
    """A verb called on a table or a row: tables are classes, and those begin with a capital."""
    if not isinstance(call.func, ast.Attribute):
        return False
    if call.func.attr in ROW_VERBS:
        return True
    owners = _chain(call.func.value)
    return call.func.attr in VERBS and any(name == "cls" or name[:1].isupper() > name.isupper() for name in owners)


def _chain(node: ast.expr) -> list[str]:
    """The names of a chain: `sales.Sale.select().first()` is sales, Sale, select, first."""
    if isinstance(node, ast.Call):
        return _chain(node.func)
    if isinstance(node, ast.Attribute):
        return [*_chain(node.value), node.attr]
    return [node.id] if isinstance(node, ast.Name) else []


def _imports(module: Module, *, ours: bool = True) -> list[tuple[ast.stmt, str]]:
    found: list[tuple[ast.stmt, str]] = []
    for node in ast.walk(module.syntax):
        if isinstance(node, ast.Import):
            found += [(node, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node, f"{'.' * node.level}{node.module or ''}.{alias.name}") for alias in node.names]
    return [(node, name) for node, name in found if not ours or name.partition(".")[0] in (*FOLDERS, "")]


def _may_import(module: Module, name: str) -> bool:
    if _within(module.name, COMMAND_LINE):
        return not name.startswith(("tests", "."))
    allowed = next(names for folder, names in MAY_IMPORT.items() if module.path.startswith(folder))
    return _within(name, allowed) and not _within(name, COMMAND_LINE)


def _within(name: str, parents: tuple[str, ...] | set[str]) -> bool:
    return any(name == parent or name.startswith(f"{parent}.") for parent in parents)
