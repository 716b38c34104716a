"""Imports inside of a function: resolved when it is compiled, as those of its module are.

def f(x):                       def f(x):
    from math import pi, sin        pi = math.pi
    return sin(pi * x)      →       return sin(pi * x)          (sin is math.sin)

A module, a function or a class stands for itself wherever the function reads its name, if nothing
else binds that name. Data is assigned where the import stands. An import that fails, or binds a
name that something else binds too, stays as it is.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections import Counter
from types import ModuleType
from typing import Any

import gast

from srcdiff.frontend.retrieve import Retrieved
from srcdiff.frontend.scope import Home, Imported, Scope, is_fixed, is_library
from srcdiff.frontend.walk import declared_names, walk_here
from srcdiff.ir import nodes as n


def imported_names(source: Retrieved) -> dict[str, Imported]:
    """The names that imports in a function bind to modules, functions and classes for good."""
    body = source.node.body
    if not isinstance(body, list) or not any(map(_is_import, walk_here(body))):
        return {}
    bound = Counter(declared_names(body))
    bound.update(
        x.id
        for x in gast.walk(source.node)
        if isinstance(x, gast.Name) and not isinstance(x.ctx, gast.Load)
    )
    out = {}
    for node in walk_here(body):
        for alias in node.names if _is_import(node) else ():
            name = _bound_name(node, alias)
            found = _found(node, alias, source)
            if found is not None and bound[name] == 1 and is_fixed(found.value):
                out[name] = found
    return out


def import_statement(node: Any, scope: Scope) -> list[n.Stmt] | None:
    """What is left of an import: assignments of data. None where it must stay as it is."""
    out: list[n.Stmt] = []
    for alias in node.names:
        name = _bound_name(node, alias)
        if name in scope.imports:
            continue
        found = _found(node, alias, scope.source)
        if found is None or is_fixed(found.value):
            return None
        module = sys.modules[_module_name(node, scope.source)]
        span = scope.span(node)
        path = module.__name__.rpartition(".")[2]
        value: n.Expr = n.Field(n.Ref(path, module, module, span=span), found.name, span=span)
        if is_library(module):
            value = n.Ref(f"{path}.{found.name}", found.value, module, span=span)
        out.append(n.Assign(n.Var(name), value, span=span))
    return out


def _is_import(node: Any) -> bool:
    return isinstance(node, gast.Import | gast.ImportFrom)


def _bound_name(node: Any, alias: Any) -> str:
    if alias.asname:
        return str(alias.asname)
    return str(alias.name if isinstance(node, gast.ImportFrom) else alias.name.partition(".")[0])


def _module_name(node: Any, source: Retrieved) -> str:
    name = "." * (node.level or 0) + (node.module or "")
    package = source.globals.get("__package__") or ""
    return importlib.util.resolve_name(name, package) if node.level else name


def _found(node: Any, alias: Any, source: Retrieved) -> Imported | None:
    """What an import gives; None where it fails, as it may be meant to."""
    try:
        if isinstance(node, gast.Import):
            module: Any = importlib.import_module(alias.name)
            if not alias.asname:
                module = sys.modules[alias.name.partition(".")[0]]
            return Imported(module, alias.name)
        name = _module_name(node, source)
        module = importlib.import_module(name)
        if not hasattr(module, alias.name):
            return Imported(importlib.import_module(f"{name}.{alias.name}"), alias.name)
    except ImportError:
        return None
    value = getattr(module, alias.name)
    if isinstance(value, ModuleType):
        return Imported(value, alias.name)
    return Imported(value, alias.name, Home(name, vars(module)))
