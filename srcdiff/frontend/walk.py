"""Walking the syntax trees of one function, those of functions inside it excluded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import gast


def walk_here(nodes: Iterable[Any]) -> Iterator[Any]:
    """The nodes of statements, those inside of functions and classes defined there excluded."""
    waiting = list(nodes)
    while waiting:
        inner = waiting.pop()
        yield inner
        if not isinstance(
            inner, gast.FunctionDef | gast.AsyncFunctionDef | gast.ClassDef | gast.Lambda
        ):
            waiting.extend(gast.iter_child_nodes(inner))


def declared_names(nodes: Iterable[Any]) -> list[str]:
    """Names that imports and definitions inside of statements bind."""
    out = []
    for inner in walk_here(nodes):
        if isinstance(inner, gast.Import | gast.ImportFrom):
            out += [(alias.asname or alias.name).partition(".")[0] for alias in inner.names]
        elif isinstance(inner, gast.FunctionDef | gast.AsyncFunctionDef | gast.ClassDef):
            out.append(inner.name)
    return out


def captured_names(nodes: Iterable[Any]) -> frozenset[str]:
    """Names that the patterns of `match` statements bind."""
    out = set()
    for inner in walk_here(nodes):
        if isinstance(inner, gast.MatchAs | gast.MatchStar) and inner.name is not None:
            out.add(inner.name)
        elif isinstance(inner, gast.MatchMapping) and inner.rest is not None:
            out.add(inner.rest)
    return frozenset(out)
