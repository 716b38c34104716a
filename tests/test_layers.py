"""Imports go one way: each layer imports only those that the table lets it see."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What each layer may import of ours, itself aside. A module directly under srcdiff/ that is not in
# the table ties the layers together, and may import any of them.
LAYERS: dict[str, set[str]] = {
    "errors": set(),
    "ir": {"errors"},
    "runtime": set(),
    "rules": {"errors", "ir", "runtime"},
    "frontend": {"errors", "ir"},
    "normalize": {"errors", "ir", "rules"},
    "analysis": {"errors", "ir", "rules"},
    # The rules' templates are source: the transformation lowers them where it inlines them.
    "transform": {"errors", "ir", "rules", "runtime", "analysis", "frontend"},
    "tape": {"errors", "ir", "rules", "analysis"},
    "optimize": {"errors", "ir", "rules", "analysis"},
    "aggregates": {"errors", "ir", "rules", "analysis", "normalize"},
    "assemble": {"errors", "ir", "rules", "analysis", "normalize", "transform", "optimize", "tape"},
    "emit": {"errors", "ir", "runtime"},
    "backends": {"errors", "ir", "runtime", "emit"},
}

# Who may import each package that is not ours, by the beginning of the module's name.
PACKAGES: dict[str, tuple[str, ...]] = {
    "numpy": ("srcdiff",),
    "gast": ("srcdiff.frontend", "srcdiff.emit"),
    "astunparse": ("srcdiff.emit.printer",),
    "numba": ("srcdiff.backends",),
}


@dataclass(frozen=True)
class Import:
    """One imported module, by its full name."""

    importer: str
    target: str
    line: int
    at_module_level: bool

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.target}"


def modules(root: Path) -> dict[str, Path]:
    """The name of each module of the package srcdiff in `root`, and its file."""
    found = {}
    for path in sorted((root / "srcdiff").rglob("*.py")):
        parts = list(path.relative_to(root).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        found[".".join(parts)] = path
    return found


def at_module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """The statements that run when the module is imported."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
            continue
        if isinstance(node, ast.stmt):
            yield node
        waiting.extend(ast.iter_child_nodes(node))


def imports(root: Path) -> list[Import]:
    known = modules(root)
    found = []
    for importer, path in known.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        early = set(at_module_level(tree))
        package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parts = package.split(".")
                    above = parts[: len(parts) - node.level + 1]
                    base = ".".join([*above, base] if base else above)
                # `from package import name` imports the module `package.name` if there is one.
                full = [f"{base}.{alias.name}" for alias in node.names]
                targets = [name if name in known else base for name in full]
            else:
                continue
            found += [Import(importer, name, node.lineno, node in early) for name in targets]
    return found


def layer(module: str) -> str | None:
    """The layer a module belongs to; None for a module that ties layers together."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[1] in LAYERS else None


def is_within(module: str, place: str) -> bool:
    return module == place or module.startswith(place + ".")


def violations(root: Path) -> list[str]:
    """Imports that the two tables forbid."""
    found = []
    for each in imports(root):
        target_package = each.target.partition(".")[0]
        importing = layer(each.importer)
        if target_package == "srcdiff":
            target = layer(each.target)
            if importing and target != importing and target not in LAYERS[importing]:
                found.append(str(each))
        elif target_package in PACKAGES and not any(
            is_within(each.importer, place) for place in PACKAGES[target_package]
        ):
            found.append(str(each))
    return found


def cycle(root: Path) -> list[str]:
    """Modules that import each other in a ring when they are loaded, or an empty list."""
    edges: dict[str, set[str]] = {name: set() for name in modules(root)}
    for each in imports(root):
        if each.at_module_level and each.target in edges and each.target != each.importer:
            edges[each.importer].add(each.target)
    done: set[str] = set()
    path: list[str] = []

    def visit(name: str) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        path.append(name)
        for target in sorted(edges[name]):
            if ring := visit(target):
                return ring
        path.pop()
        done.add(name)
        return []

    for name in sorted(edges):
        if ring := visit(name):
            return ring
    return []


def packages_missing_from_table(root: Path) -> list[str]:
    inner = {path.relative_to(root / "srcdiff").parts[0] for path in modules(root).values()}
    return sorted(name for name in inner if not name.endswith(".py") and name not in LAYERS)


# --- the package --------------------------------------------------------------------------------


def test_the_package_was_found() -> None:
    assert "srcdiff" in modules(ROOT)
    assert "srcdiff.ir.nodes" in modules(ROOT)


def test_every_package_is_in_the_table() -> None:
    assert packages_missing_from_table(ROOT) == []


def test_every_import_is_allowed() -> None:
    assert violations(ROOT) == []


def test_no_import_cycles() -> None:
    assert cycle(ROOT) == []


def test_only_declared_packages_are_imported() -> None:
    import sys

    outside = {each.target.partition(".")[0] for each in imports(ROOT)} - {"srcdiff"}
    assert outside - sys.stdlib_module_names <= PACKAGES.keys()


def test_the_table_itself_has_no_cycle() -> None:
    waiting = dict(LAYERS)
    while waiting:
        ready = [name for name, needs in waiting.items() if not needs & waiting.keys()]
        assert ready, f"these layers need each other: {sorted(waiting)}"
        for name in ready:
            del waiting[name]


# --- the checks themselves ----------------------------------------------------------------------


def package_with(root: Path, files: dict[str, str]) -> Path:
    for name, text in {"__init__.py": "", **files}.items():
        path = root / "srcdiff" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("ir/nodes.py", "import srcdiff.rules.registry"),
        ("ir/nodes.py", "from srcdiff.rules import registry"),
        ("ir/nodes.py", "from ..rules import registry"),
        ("ir/nodes.py", "from ..rules.registry import lookup"),
        ("ir/nodes.py", "def late():\n    from srcdiff import api"),
        ("ir/nodes.py", "from srcdiff import grad"),
        ("runtime/tapes.py", "from srcdiff.errors import Span"),
        ("emit/printer.py", "from srcdiff.frontend import parse"),
        ("optimize/fold.py", "import gast"),
        ("emit/statements.py", "import astunparse"),
        ("api.py", "import numba"),
        ("api.py", "import gast"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path: Path, file: str, text: str) -> None:
    files = {"rules/registry.py": "", "api.py": "", "errors.py": "", "frontend/parse.py": ""}
    assert len(violations(package_with(tmp_path, {**files, file: text}))) == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("rules/registry.py", "from srcdiff.ir import nodes"),
        ("rules/registry.py", "from ..errors import Span\nfrom . import operators"),
        ("frontend/parse.py", "import gast"),
        ("emit/printer.py", "import ast, astunparse, gast"),
        ("api.py", "from srcdiff import rules, errors\nimport srcdiff.ir.nodes"),
    ],
)
def test_an_allowed_import_passes(tmp_path: Path, file: str, text: str) -> None:
    files = {"ir/nodes.py": "", "errors.py": "", "rules/__init__.py": "", "rules/operators.py": ""}
    assert violations(package_with(tmp_path, {**files, file: text})) == []


def test_a_package_missing_from_the_table_is_found(tmp_path: Path) -> None:
    root = package_with(tmp_path, {"utils/strings.py": "", "api.py": ""})
    assert packages_missing_from_table(root) == ["utils"]


def test_a_cycle_is_found(tmp_path: Path) -> None:
    root = package_with(
        tmp_path, {"ir/a.py": "from . import b", "ir/b.py": "import srcdiff.ir.c", "ir/c.py": ""}
    )
    assert cycle(root) == []
    package_with(tmp_path, {"ir/c.py": "def late():\n    from srcdiff.ir.a import x"})
    assert cycle(root) == []
    package_with(tmp_path, {"ir/c.py": "try:\n    from srcdiff.ir.a import x\nfinally:\n    pass"})
    assert cycle(root) == ["srcdiff.ir.a", "srcdiff.ir.b", "srcdiff.ir.c", "srcdiff.ir.a"]
