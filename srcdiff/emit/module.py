"""Functions → the text of a module: imports, the globals it reads, helpers, the derivative."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from srcdiff.emit.printer import Comment, print_module
from srcdiff.emit.statements import Emitter
from srcdiff.ir import nodes as n
from srcdiff.ir.attributes import KEEPERS
from srcdiff.ir.fresh import Names
from srcdiff.ir.scatter import as_call, is_scatter
from srcdiff.ir.walk import expressions, statements, subexpressions


@dataclass
class FreeNames:
    """How the free names of some functions are spelled in one module.

    `names` must know every local name of the functions; `spelled` maps an object to its name.
    """

    names: Names
    spelled: dict[int, str] = field(default_factory=dict)
    objects: dict[str, Any] = field(default_factory=dict)
    globals: dict[tuple[int, str], str] = field(default_factory=dict)

    def spell(self, e: n.Ref | n.Global) -> str:
        """The path by which the text reads a free name."""
        if isinstance(e, n.Global):
            return self.globals[e.home.key, e.name]
        head, *rest = e.path.split(".")
        return ".".join((self.spelled.get(id(e.root), head), *rest))

    used: set[str] = field(default_factory=set)

    def add(self, e: n.Ref | n.Global, used: bool = True) -> None:
        """Finds a spelling: the user's own, where it is free; `used`: whether the text needs it."""
        if isinstance(e, n.Global):
            key = (e.home.key, e.name)
            if key not in self.globals:
                self.globals[key] = self.names.fresh(e.name)
            return
        head = e.path.partition(".")[0]
        if _is_builtin(head, e.root):
            return
        if id(e.root) not in self.spelled:
            name = self.names.fresh(head)
            self.spelled[id(e.root)] = name
            self.objects[name] = e.root
        if used:
            self.used.add(self.spelled[id(e.root)])


def _is_builtin(name: str, value: Any) -> bool:
    return getattr(builtins, name, None) is value


def free_expressions(functions: Iterable[n.Function]) -> Iterable[n.Ref | n.Global]:
    """Every free name that the functions mention, in order of the text."""
    for function in functions:
        if function.origin is not None:
            yield from (p.ref for p in function.params if p.ref is not None)
        for s in statements(function.body):
            kept = s.free if isinstance(s, n.Opaque) else ()
            for e in (*expressions(s), *kept):
                for x in subexpressions(e):
                    if isinstance(x, n.Ref) and any(x.value is k for k in KEEPERS):
                        continue
                    if isinstance(x, n.Ref | n.Global):
                        yield x
                    elif isinstance(x, n.OpaqueExpr):
                        yield from (f for f in x.free if isinstance(f, n.Ref | n.Global))
                    elif isinstance(x, n.Closure):
                        kept = x.code.kept.free
                        yield from (f for f in kept if isinstance(f, n.Ref | n.Global))
            if isinstance(s, n.Update) and is_scatter(s):
                yield from (x for x in subexpressions(as_call(s)) if isinstance(x, n.Ref))


def module_text(
    functions: Iterable[n.Function], free: FreeNames, values: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """The text of a module, and the objects that its namespace needs and no import gives.

    Args:
        functions: helpers first, the derivative last.
        free: the spelling of free names.
        values: for each global that is read live, its present value as source.
    """
    functions = list(functions)
    emitter = Emitter(free.spell)
    own = {f.name for f in functions}
    imports: list[str] = []
    missing: dict[str, Any] = {}
    for name, value in sorted(free.objects.items()):
        if name not in free.used and not any(f"{name}." in text for text in values.values()):
            continue
        line = None if name in own else _import(name, value)
        if line is not None:
            imports.append(line)
        elif name not in own:
            missing[name] = value
    body: list[Any] = []
    for line in sorted(
        imports, key=lambda x: (x.startswith("from srcdiff"), x.startswith("from"), x)
    ):
        body.append(ast.parse(line).body[0])
    for name, text in sorted(values.items()):
        body.append(_global(name, text))
    for name in sorted(missing):
        body.append(Comment(f"{name}: {_describe(missing[name])}, to be defined"))
    body += [emitter.function(f) for f in functions]
    return print_module(ast.Module(body, [])), missing


def _global(name: str, text: str) -> ast.stmt:
    node = ast.parse(f"{name} = {text}").body[0]
    node.trailing_comment = "a global, read at each call"  # type: ignore[attr-defined]
    return node


def _import(name: str, value: Any) -> str | None:
    """The import that binds the name to the object, if one does."""
    if isinstance(value, ModuleType):
        path = value.__name__
        return f"import {path}" if path == name else f"import {path} as {name}"
    module = getattr(value, "__module__", None)
    own = getattr(value, "__qualname__", getattr(value, "__name__", None))
    if own is None or module in (None, "__main__", "builtins"):
        return None
    if str(getattr(value, "__module__", "")).startswith("srcdiff.runtime"):
        module = "srcdiff.runtime"
    for place in (module, "numpy", "math"):
        if getattr(sys.modules.get(place), own, None) is value and own.isidentifier():
            return f"from {place} import {own}" + ("" if own == name else f" as {name}")
    if isinstance(value, np.ufunc):
        return f"from numpy import {value.__name__}" + (
            "" if value.__name__ == name else f" as {name}"
        )
    return None


def _describe(value: Any) -> str:
    return f"{type(value).__name__} {getattr(value, '__qualname__', '')}".strip()
