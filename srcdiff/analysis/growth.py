"""Which lists are empty again at the end: each item that was appended has been popped.

    for t in range(n):              for t in reversed(range(n)):
        tape.append(x)      ...         x = tape.pop()

Appends and pops are counted by the loops that they stand in: one append for each trip over
`range(n)`, and one pop for each trip over it.
"""

from __future__ import annotations

from collections import Counter

from srcdiff.ir import nodes as n
from srcdiff.ir.lists import appended, popped
from srcdiff.ir.reads import value_reads
from srcdiff.ir.walk import blocks, bound_names, mutated_names, names_in, statements, stored_names

# How often something is done, by the ranges of the loops around it.
Growth = Counter[tuple[n.Expr, ...]]


def empty_at_end(function: n.Function) -> frozenset[str]:
    """The lists, bound once to an empty one, that are empty wherever the function ends."""
    out: set[str] = set()
    for i, s in enumerate(function.body):
        if isinstance(s, n.Assign) and isinstance(s.target, n.Var) and s.value == n.List(()):
            if _is_emptied(s.target.name, function.body, i):
                out.add(s.target.name)
    return frozenset(out)


def _is_emptied(name: str, body: n.Block, at: int) -> bool:
    bindings = sum(name in bound_names((s,)) for s in body)
    if bindings != 1 or any(name in mutated_names(s) for s in statements(body[:at])):
        return False
    rest = body[at + 1 :]
    growth = _Growth(name, bound_names(rest), stored_names(rest)).block(rest)
    return growth is not None and not any(growth.values())


class _Growth:
    def __init__(self, name: str, bound: frozenset[str], stored: frozenset[str]) -> None:
        self._name = name
        self._bound = bound
        self._stored = stored

    def block(self, block: n.Block) -> Growth | None:
        """How much longer the block makes the list; None where that is not known."""
        total: Growth = Counter()
        for s in block:
            growth = self._statement(s)
            if growth is None:
                return None
            total.update(growth)
        return total

    def _statement(self, s: n.Stmt) -> Growth | None:
        if isinstance(s, n.If):
            a, b = (self.block(x) for x in blocks(s))
            return a if a is not None and b is not None and _same(a, b) else None
        if isinstance(s, n.For | n.While):
            return self._loop(s)
        change = appended(s)
        source = popped(s) if change is None else change[0]
        if source == n.Var(self._name):
            return Counter({(): -1 if change is None else 1})
        return None if self._name in mutated_names(s) else Counter()

    def _loop(self, s: n.For | n.While) -> Growth | None:
        inner = self.block(s.body)
        if inner is None or not any(inner.values()):
            return inner
        jumps = any(isinstance(x, n.Break | n.Continue | n.Return) for x in statements(s.body))
        if isinstance(s, n.While) or jumps or not self._is_steady(s.iter):
            return None
        trips = _trips(s.iter)
        return Counter({(trips, *loops): count for loops, count in inner.items()})

    def _is_steady(self, e: n.Expr) -> bool:
        """Whether the expression has one value throughout."""
        return not names_in(e) & self._bound and not value_reads(e) & self._stored


def _same(a: Growth, b: Growth) -> bool:
    return all(a[key] == b[key] for key in {*a, *b})


def _trips(e: n.Expr) -> n.Expr:
    """What tells the number of trips: a range and the same range reversed have as many."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.value is reversed:
        return _trips(e.args[0]) if len(e.args) == 1 else e
    return e
