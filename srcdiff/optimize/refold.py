"""Refolding: what the passes took apart is written as a person would.

db = db * 2         →   db *= 2
d = 2.0 * y
dx = d              →   dx = 2.0 * y        (d is not read again)
"""

from __future__ import annotations

from dataclasses import replace

from srcdiff.analysis.alias import Aliases, aliases
from srcdiff.analysis.kinds import Inference, Kinds
from srcdiff.analysis.liveness import Liveness, liveness
from srcdiff.ir import nodes as n
from srcdiff.ir.build import put_in
from srcdiff.ir.kinds import Array, ListOf, dims_of, same_dims
from srcdiff.ir.lists import popped
from srcdiff.ir.walk import (
    base_name,
    blocks,
    expressions,
    names_in,
    subexpressions,
    with_blocks,
    written_names_of,
)

_FOLDED = ("add", "sub", "mul", "div")


def refold(
    function: n.Function, kinds: Kinds, seeds: frozenset[str], adjoints: frozenset[str]
) -> n.Function:
    """The function with updates and single-use seeds folded.

    Args:
        function: forward and reverse sweep.
        kinds: its kinds.
        seeds: names of local seeds.
        adjoints: names of adjoints.
    """
    run = _Refold(kinds, liveness(function), aliases(function, kinds), seeds, adjoints)
    return replace(function, body=run.block(function.body))


class _Refold:
    def __init__(
        self,
        kinds: Kinds,
        live: Liveness,
        shared: Aliases,
        seeds: frozenset[str],
        adjoints: frozenset[str],
    ) -> None:
        self._kinds = kinds
        self._live = live
        self._shared = shared
        self._seeds = seeds
        self._adjoints = adjoints

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        items = list(block)
        i = 0
        while i < len(items):
            s = items[i]
            if i + 1 < len(items):
                joined = self._joined(s, items[i + 1])
                if joined is not None:
                    # The facts about the next statement hold for what replaces it.
                    self._inherit(joined, items[i + 1])
                    items[i + 1] = joined
                    i += 1
                    continue
            new = with_blocks(s, tuple(self.block(b) for b in blocks(s)))
            out.append(self._update(new, s))
            i += 1
        return tuple(out)

    def _inherit(self, new: n.Stmt, old: n.Stmt) -> None:
        if old in self._shared.before:
            self._shared.before[new] = self._shared.before[old]
        if old in self._live.after:
            self._live.after[new] = self._live.after[old]
        if old in self._kinds.before:
            self._kinds.before[new] = self._kinds.before[old]
            self._kinds.labels[new] = self._kinds.labels[old]

    def _joined(self, s: n.Stmt, following: n.Stmt) -> n.Stmt | None:
        """The next statement with this one's value put in, where it is read once, there."""
        if not (isinstance(s, n.Assign) and isinstance(s.target, n.Var)):
            return None
        name = s.target.name
        source = popped(s)
        if source is not None and any(source.name in names_in(e) for e in expressions(following)):
            return None
        if not isinstance(following, n.Assign | n.Update) or following not in self._live.after:
            return None
        last = name not in self._live.after[following] or following.target == s.target
        if not last or sum(x == s.target for x in subexpressions(following.value)) != 1:
            return None
        if any(x == s.target for e in expressions(following)[1:] for x in subexpressions(e)):
            if following.target != s.target or isinstance(following, n.Update):
                return None
        if self._acts(s.value) and self._acts(following.value):
            # Which of the two takes from a tape first must stay as it is.
            return None
        if self._written_near(s) & _mentioned(following):
            # What the call writes into would be read before the call.
            return None
        bare = following.value == s.target
        if name in self._seeds or (name in self._adjoints and bare):
            if following.target == s.target and not bare and name not in self._seeds:
                return None
            return replace(following, value=put_in(following.value, {name: s.value}))
        return None

    def _written_near(self, s: n.Assign) -> frozenset[str]:
        """The names whose memory a call writes into."""
        written = written_names_of(s.value)
        return written.union(*(self._shared.of(name, s) for name in written))

    def _acts(self, e: n.Expr) -> bool:
        """Whether evaluating the expression may do more than compute."""
        calls = (x for x in subexpressions(e) if isinstance(x, n.Call | n.OpaqueExpr))
        return not all(map(self._kinds.world.is_pure, calls))

    def _update(self, s: n.Stmt, original: n.Stmt) -> n.Stmt:
        """`x = x + e` as `x += e`; arrays only where the shape stays."""
        if not (isinstance(s, n.Assign) and isinstance(s.value, n.Op) and s.value.op in _FOLDED):
            return s
        if len(s.value.args) != 2 or not isinstance(s.target, n.Var | n.Index):
            return s
        if base_name(s.target) not in self._adjoints:
            return s
        a, b = s.value.args
        op = s.value.op
        if a != s.target and b == s.target and op in ("mul", "add"):
            a, b = b, a
        if a != s.target:
            return s
        if original not in self._kinds.before or not _keeps_shape(s, self._kinds.at(original)):
            return s
        if isinstance(self._kinds.at(original)(s.value), ListOf):
            # Lists are joined, in one order, and `+=` would change the list under all its names.
            return s
        if self._is_shared(s.target, original):
            return s
        return n.Update(s.target, op, b, span=s.span, note=s.note)

    def _is_shared(self, target: n.Expr, s: n.Stmt) -> bool:
        """Whether another name, read later, may hold the array that would be written into."""
        name = base_name(target)
        if name is None or not isinstance(target, n.Var):
            return False
        return bool(self._shared.of(name, s) & self._live.after.get(s, frozenset()))


def _mentioned(s: n.Stmt) -> frozenset[str]:
    return frozenset().union(*map(names_in, expressions(s)))


def _keeps_shape(s: n.Assign, infer: Inference) -> bool:
    old, new = infer(s.target), infer(s.value)
    if not isinstance(old, Array):
        return True
    dims = dims_of(new)
    return (
        dims is not None
        and same_dims(old.dims, dims)
        and isinstance(new, Array)
        and old.dtype == new.dtype
    )
