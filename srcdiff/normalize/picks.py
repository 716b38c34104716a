"""Loops over what `itertools` makes of sequences, as loops over indices and slices.

for a, b in combinations(xs, 2):          choices = list(combinations(range(len(xs)), 2))
    s += a * b                            for i, j in choices:
                                    →         a = xs[i]
                                              b = xs[j]
                                              s += a * b

for a, b in itertools.pairwise(xs):       →     for a, b in zip(xs[:-1], xs[1:]):
for v in itertools.islice(xs, 1, 3):      →     for v in xs[1:3]:
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.choices import CHOICES, choices
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, ListOf, RangeOf
from srcdiff.ir.walk import blocks, statements, with_blocks
from srcdiff.normalize.iteration import Iterated

_LEN = n.Ref("len", len, len)
_RANGE = n.Ref("range", range, range)


def choices_by_index(function: n.Function, names: Names, facts: Iterated) -> n.Function:
    """The function with such loops rewritten; itself where there are none."""
    if not any(map(concerns, statements(function.body))):
        return function
    body = _Loops(names, facts).block(function.body)
    return function if body is function.body else replace(function, body=body)


def concerns(s: n.Stmt) -> bool:
    """Whether a statement loops over what `itertools` makes."""
    return isinstance(s, n.For) and _callee(s.iter) is not None


def _callee(e: n.Expr) -> object | None:
    if not isinstance(e, n.Call) or not isinstance(e.callee, n.Ref):
        return None
    known = (*CHOICES, itertools.pairwise, itertools.islice)
    return next((f for f in known if e.callee.value is f), None)


@dataclass
class _Loops:
    names: Names
    facts: Iterated

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new: n.Block = (s,)
            if isinstance(s, n.For) and concerns(s) and self.facts.reached(s):
                if self.facts.carries(s):
                    new = self._loop(s)
            out += (with_blocks(x, tuple(self.block(b) for b in blocks(x))) for x in new)
        same = len(out) == len(block) and all(a is b for a, b in zip(out, block, strict=True))
        return block if same else tuple(out)

    def _loop(self, s: n.For) -> n.Block:
        call = s.iter
        assert isinstance(call, n.Call)
        infer = self.facts.infer(s)
        callee = _callee(call)
        sequences = call.args if callee is itertools.product else call.args[:1]
        kinds = [infer(arg) for arg in sequences]
        if not kinds or not all(isinstance(k, Array | ListOf | RangeOf) for k in kinds):
            return (s,)
        before: list[n.Stmt] = []
        if callee is itertools.pairwise or callee is itertools.islice:
            xs = self._named(call.args[0], before, s)
            over = _sliced(call, xs) if callee is itertools.islice else _pairs(xs)
            return (s,) if over is None else (*before, replace(s, iter=over))
        if all(isinstance(k, RangeOf) for k in kinds):
            return self._kept(call, s)
        count = choices(call)
        if count is None:
            return (s,)
        named = [self._named(arg, before, s) for arg in sequences]
        ranges = tuple(n.Call(_RANGE, (n.Call(_LEN, (xs,)),)) for xs in named)
        indices = [n.Var(self.names.fresh(w)) for w in _wishes(count)]
        owners = [named[k % len(named)] for k in range(count)]
        items = tuple(n.Index(xs, i, span=s.span) for xs, i in zip(owners, indices, strict=True))
        over = replace(call, args=(*ranges, *call.args[len(ranges) :]))
        first: list[n.Stmt] = []
        if isinstance(s.target, n.Tuple) and len(s.target.items) == count:
            for t, item in zip(s.target.items, items, strict=True):
                assert isinstance(t, n.Var | n.Index | n.Field | n.Tuple)
                first.append(n.Assign(t, item, span=s.span))
        else:
            first.append(n.Assign(s.target, n.Tuple(items, span=s.span), span=s.span))
        body = (*first, *s.body)
        new = replace(s, target=n.Tuple(tuple(indices)), iter=over, body=body)
        return (*before, *self._kept(over, new))

    def _kept(self, call: n.Call, s: n.For) -> n.Block:
        """The loop over a list of the choices, which can be run over backwards."""
        listed = n.Call(n.Ref("list", list, list), (call,), span=call.span)
        name = n.Var(self.names.fresh("choices"), span=call.span)
        return (n.Assign(name, listed, span=s.span), replace(s, iter=name))

    def _named(self, e: n.Expr, before: list[n.Stmt], s: n.For) -> n.Expr:
        if isinstance(e, n.Var):
            return e
        name = n.Var(self.names.fresh("sequence"), span=e.span)
        before.append(n.Assign(name, e, span=s.span))
        return name


def _wishes(count: int) -> list[str]:
    return ["i", "j", "k", "l"][:count] if count <= 4 else [f"i_{k}" for k in range(count)]


def _pairs(xs: n.Expr) -> n.Expr:
    first = n.Index(xs, n.Slice(None, n.Const(-1)))
    return n.Call(n.Ref("zip", zip, zip), (first, n.Index(xs, n.Slice(n.Const(1)))))


def _sliced(call: n.Call, xs: n.Expr) -> n.Expr | None:
    """`islice(xs, start, stop, step)` of a sequence."""
    bounds = call.args[1:]
    if not 1 <= len(bounds) <= 3 or call.keywords:
        return None
    parts = [None if b == n.Const(None) else b for b in bounds]
    if len(parts) == 1:
        return n.Index(xs, n.Slice(None, parts[0]))
    step = parts[2] if len(parts) > 2 else None
    return n.Index(xs, n.Slice(parts[0], parts[1], step))
