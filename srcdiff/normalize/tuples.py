"""Tuples of local values as one name for each item.

pair = polar(x, y)                  pair_0, pair_1 = polar(x, y)
return pair[0] * pair[1]      →     return pair_0 * pair_1
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.walk import (
    blocks,
    expressions,
    map_expressions,
    rebuild,
    statements,
    subexpressions,
    with_blocks,
)

# The number of items of a variable that always holds a tuple of one length, else None.
Length = Callable[[str], "int | None"]


def tuples_to_names(function: n.Function, names: Names, length: Length) -> n.Function:
    """The function with its local tuples taken apart."""
    found = _candidates(function, length)
    if not found:
        return function
    fresh = {
        name: tuple(n.Var(names.fresh(f"{name}_{i}")) for i in range(count))
        for name, count in found.items()
    }
    return replace(function, body=_Apart(fresh).block(function.body))


def _candidates(function: n.Function, length: Length) -> dict[str, int]:
    """Variables that are only ever assigned tuples, as a whole."""
    found: dict[str, int] = {}
    bad = set(function.param_names)
    for s in statements(function.body):
        match s:
            case n.Assign() if isinstance(s.target, n.Var):
                count = length(s.target.name)
                if count is None or not isinstance(s.value, n.Tuple | n.Call | n.Var):
                    bad.add(s.target.name)
                else:
                    found[s.target.name] = count
            case n.Assign() | n.For():
                bad.update(_names(s.target))
            case n.Update() if isinstance(s.target, n.Var):
                bad.add(s.target.name)
            case n.Opaque():
                bad.update((*s.reads, *s.writes))
        bad.update(_indexed(s))
    while True:
        kept = {k: v for k, v in found.items() if k not in bad}
        for s in statements(function.body):
            if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and s.target.name in kept:
                if isinstance(s.value, n.Var) and s.value.name not in kept:
                    bad.add(s.target.name)
        if all(name not in bad for name in kept):
            return kept


def _indexed(s: n.Stmt) -> Iterable[str]:
    """Variables of which a statement takes an item that only a run can tell."""
    for e in expressions(s):
        for x in subexpressions(e):
            if isinstance(x, n.Index) and isinstance(x.base, n.Var):
                if not isinstance(x.key, n.Const):
                    yield x.base.name


def _names(target: n.Expr) -> Iterable[str]:
    items = target.items if isinstance(target, n.Tuple) else (target,)
    return [t.name for t in items if isinstance(t, n.Var)]


@dataclass(frozen=True)
class _Apart:
    fresh: Mapping[str, tuple[n.Var, ...]]

    def block(self, block: n.Block) -> n.Block:
        return tuple(self._statement(s) for s in block)

    def _statement(self, s: n.Stmt) -> n.Stmt:
        s = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and s.target.name in self.fresh:
            target = n.Tuple(self.fresh[s.target.name], span=s.target.span)
            return replace(s, target=target, value=self._expr(s.value))
        return map_expressions(s, self._expr)

    def _expr(self, e: n.Expr) -> n.Expr:
        if isinstance(e, n.Index) and isinstance(e.base, n.Var) and e.base.name in self.fresh:
            items = self.fresh[e.base.name]
            if isinstance(e.key, n.Const) and type(e.key.value) is int:
                if -len(items) <= e.key.value < len(items):
                    return items[e.key.value]
        if isinstance(e, n.Var) and e.name in self.fresh:
            return n.Tuple(self.fresh[e.name], span=e.span)
        return rebuild(e, self._expr)
