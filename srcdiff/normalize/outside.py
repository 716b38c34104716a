"""What a function reads from outside, read once at its start.

A reverse sweep that is run later, and again, must find the values that the forward sweep found:
once they are local variables, they are kept as those are.

    return W * x * x        →       W_kept = W.copy()
                                    return W_kept * x * x
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterator
from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, Kind, is_number
from srcdiff.ir.walk import (
    base_name,
    expressions,
    map_block,
    names_of,
    rebuild,
    statements,
    subexpressions,
)

Parameters = frozenset[str]


def outer_reads(function: n.Function, objects: Parameters) -> Iterator[tuple[Hashable, n.Expr]]:
    """The globals that a function reads, and the attributes of modules and of `objects`, which
    are parameters; each with what tells it from all else.
    """
    for s in statements(function.body):
        for e in expressions(s):
            for x in subexpressions(e):
                key = _key(x, objects)
                if key is not None:
                    yield key, x


def _key(e: n.Expr, objects: Parameters) -> Hashable | None:
    match e:
        case n.Global():
            return ("global", e.home.key, e.name)
        case n.Field(base=n.Ref(path=path), name=name):
            return ("module", path, name)
        case n.Field(base=n.Var(name=p), name=name) if p in objects:
            return ("attribute", p, name)
    return None


def with_kept(
    function: n.Function,
    wanted: Collection[Hashable],
    objects: Parameters,
    kind_of: Callable[[n.Expr], Kind],
) -> n.Function:
    """The function with what is wanted of its outer reads in local variables.

    Args:
        function: the function.
        wanted: keys of what to keep.
        objects: the parameters whose attributes count.
        kind_of: the kind of an expression where the function begins.
    """
    stored = {
        base_name(s.target)
        for s in statements(function.body)
        if isinstance(s, n.Assign | n.Update) and isinstance(s.target, n.Field)
    }
    names = Names(names_of(function))
    kept: dict[Hashable, n.Var] = {}
    start: list[n.Stmt] = []
    for key, e in outer_reads(function, objects):
        if key not in wanted or key in kept:
            continue
        kind = kind_of(e)
        array = isinstance(kind, Array)
        if (isinstance(e, n.Field) and base_name(e) in stored) or not (array or is_number(kind)):
            continue
        assert isinstance(e, n.Global | n.Field)
        kept[key] = n.Var(names.fresh(f"{e.name}_kept"))
        start.append(n.Assign(kept[key], n.Call(n.Field(e, "copy")) if array else e))

    def replaced(e: n.Expr) -> n.Expr:
        key = _key(e, objects)
        return kept[key] if key in kept else rebuild(e, replaced)

    if not kept:
        return function
    return replace(function, body=(*start, *map_block(function.body, replaced)))
