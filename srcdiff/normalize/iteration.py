"""Loops over containers, as loops over indices or as their trips written out.

for i, (a, b) in enumerate(zip(xs, ys)):        for i in range(min(len(xs), len(ys))):
    s += i * a * b                        →         a = xs[i]
                                                    b = ys[i]
                                                    s += i * a * b

for w in (x, 2.0 * y):                          w_item = 2.0 * y
    s = s * w                             →     w = x
                                                s = s * w
                                                w = w_item
                                                s = s * w

Only loops that carry a derivative are changed; all others keep the user's form. Jumps stand at the
tails of their paths.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.build import number
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, DictOf, Kind, ListOf, RangeOf, TupleOf
from srcdiff.ir.show import show
from srcdiff.ir.walk import (
    blocks,
    bound_names,
    expressions,
    names_in,
    statements,
    stored_names,
    subexpressions,
    target_names,
    with_blocks,
    written_names,
)
from srcdiff.normalize.sources import Finder, Source, least, viewed

Infer = Callable[[n.Expr], Kind]

# The longest tuple whose loop is written out.
MAX_TRIPS = 8


@dataclass(frozen=True)
class Iterated:
    """What is known of the loops of a function.

    Attributes:
        reached: whether control reaches a statement.
        infer: the kinds before a statement.
        carries: whether a loop takes part in the derivative.
        active: whether an expression that a statement reads carries a derivative.
        only_reads: whether evaluating the expressions of a statement changes nothing.
    """

    reached: Callable[[n.Stmt], bool]
    infer: Callable[[n.Stmt], Infer]
    carries: Callable[[n.For], bool]
    active: Callable[[n.Stmt, n.Expr], bool]
    only_reads: Callable[[n.Stmt], bool]


@dataclass
class Indices:
    """Names for the indices of loops; loops that do not lie in each other share them."""

    names: Names
    made: list[n.Var] = field(default_factory=list)

    def fresh(self, taken: frozenset[str]) -> n.Var:
        """An index for a loop in which these names stand for something."""
        for index in self.made:
            if index.name not in taken:
                return index
        for wish in ("i", "j", "k"):
            name = self.names.fresh(wish)
            if name == wish:
                break
        self.made.append(n.Var(name))
        return self.made[-1]


def loops_by_index(
    function: n.Function, names: Names, indices: Indices, facts: Iterated
) -> n.Function:
    """The function with the outermost such loops rewritten; itself where there are none."""
    body = _Loops(names, indices, facts).block(function.body)
    return function if body is function.body else replace(function, body=body)


class _Loops:
    def __init__(self, names: Names, indices: Indices, facts: Iterated) -> None:
        self._names = names
        self._indices = indices
        self._facts = facts
        # The variables of the loops around.
        self._around: frozenset[str] = frozenset()

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new = self._loop(s) if isinstance(s, n.For) and self._concerns(s) else None
            if new is None:
                around = self._around
                if isinstance(s, n.For):
                    self._around |= frozenset(target_names(s.target))
                out.append(with_blocks(s, tuple(self.block(b) for b in blocks(s))))
                self._around = around
            else:
                out += new
        # The very same block where nothing has changed.
        return block if tuple(out) == block else tuple(out)

    def _concerns(self, s: n.For) -> bool:
        if not self._facts.reached(s) or not self._facts.carries(s):
            return False
        infer = self._facts.infer(s)
        check_unchanged(s, infer)
        if isinstance(s.iter, n.Tuple | n.List) or _is_iterator(s.iter):
            return True
        if viewed(s.iter, infer) is not None:
            return True
        kind = infer(s.iter)
        if isinstance(kind, TupleOf) and self._facts.active(s, s.iter):
            return True
        # One array and one name are for the pass that knows its indices.
        known = isinstance(kind, Array | ListOf | TupleOf | RangeOf)
        return known and not isinstance(s.target, n.Var)

    def _loop(self, s: n.For) -> n.Block | None:
        finder = Finder(
            self._facts.infer(s),
            self._names,
            bound_names(s.body) | frozenset(target_names(s.target)),
            stored_names(s.body),
            lambda e: self._facts.active(s, e),
        )
        source = finder.find(s.iter, s.target)
        if source is None or (isinstance(s.iter, n.Tuple | n.List) and not source.literal):
            return None
        if source.count == 0:
            return tuple(finder.before)
        loop = self._written_out(s, source) if source.literal else (self._indexed(s, source),)
        return (*finder.before, *loop)

    def _indexed(self, s: n.For, source: Source) -> n.For:
        """The loop over indices."""
        trips = n.Call(n.Ref("range", range, range), (least(source.lengths),))
        probe = n.Var("")
        item = source.item(probe)
        if isinstance(item, n.Tuple) and isinstance(s.target, n.Tuple) and item.items[0] == probe:
            # The index of enumerate is the loop's own.
            index, *rest = s.target.items
            if isinstance(index, n.Var) and len(rest) == len(item.items) - 1:
                values = source.item(index).items[1:]  # type: ignore[attr-defined]
                first = [a for t, v in zip(rest, values, strict=True) for a in _assigned(t, v, s)]
                return replace(s, target=index, iter=trips, body=(*first, *s.body))
        index = self._indices.fresh(self._around | written_names(s.body) | _mentioned(s))
        item = source.item(index)
        if source.forward is not None:
            trips = n.Call(n.Ref("reversed", reversed, reversed), (trips,))
            item = source.forward(index)
        return replace(s, target=index, iter=trips, body=(*_assigned(s.target, item, s), *s.body))

    def _written_out(self, s: n.For, source: Source) -> n.Block:
        """The trips one after the other; what follows a trip that may break is tested for."""
        assert source.count is not None
        if source.count > MAX_TRIPS:
            raise UnsupportedError(
                f"a loop over {source.count} values that do not stand in an array is not "
                "supported.",
                s.span,
                None,
                "put them into an array: for v in np.array([...]).",
            )
        flag = None
        if any(isinstance(b, n.Break) for b in _own(s.body)):
            flag = n.Var(self._names.fresh("broke"))
        out: n.Block = ()
        for k in reversed(range(source.count)):
            # In copies, as facts are known by statement.
            body = copies(_without_jumps(s.body, flag))
            rest = out
            if flag is not None and rest:
                rest = (n.If(n.Op("not", (flag,)), rest, span=s.span),)
            trip = (*_assigned(s.target, source.item(n.Const(k)), s), *body)
            lengths = [x for x in source.lengths if number(x) is None]
            out = (*trip, *rest)
            if lengths:
                test = n.Compare(("gt",), (least(lengths), n.Const(k)), span=s.span)
                out = (n.If(test, out, span=s.span),)
        return out if flag is None else (n.Assign(flag, n.Const(False)), *out)


def _is_iterator(e: n.Expr) -> bool:
    """Whether the expression is `enumerate(...)`, `zip(...)`, or `reversed` of no range."""
    if not (isinstance(e, n.Call) and isinstance(e.callee, n.Ref)):
        return False
    if e.callee.value is reversed and len(e.args) == 1:
        inner = e.args[0]
        named = isinstance(inner, n.Call) and isinstance(inner.callee, n.Ref)
        return not (named and inner.callee.value is range)  # type: ignore[attr-defined]
    return e.callee.value is enumerate or e.callee.value is zip


def _assigned(target: n.Expr, value: n.Expr, s: n.For) -> n.Block:
    """`target = value`, item by item where both are tuples."""
    if isinstance(target, n.Tuple) and isinstance(value, n.Tuple):
        starred = any(isinstance(item, n.Starred) for item in target.items)
        if len(target.items) == len(value.items) and not starred:
            pairs = zip(target.items, value.items, strict=True)
            return tuple(a for t, v in pairs for a in _assigned(t, v, s))
    assert isinstance(target, n.Var | n.Index | n.Field | n.Tuple)
    return (n.Assign(target, value, span=s.span),)


def _mentioned(s: n.For) -> frozenset[str]:
    """The names that a loop mentions."""
    found = (names_in(e) for inner in (s, *statements(s.body)) for e in expressions(inner))
    opaque = (inner.reads for inner in statements(s.body) if isinstance(inner, n.Opaque))
    return frozenset().union(*found, *opaque)


def _own(block: n.Block) -> list[n.Stmt]:
    """The statements of a block, those of loops inside it excluded."""
    out: list[n.Stmt] = []
    for s in block:
        out.append(s)
        if not isinstance(s, n.For | n.While):
            out += [inner for b in blocks(s) for inner in _own(b)]
    return out


def _without_jumps(block: n.Block, flag: n.Var | None) -> n.Block:
    """A body whose end is reached where it would continue or break: that stands in the flag."""
    out: list[n.Stmt] = []
    for s in block:
        if isinstance(s, n.Continue):
            continue
        if isinstance(s, n.Break):
            assert flag is not None
            s = n.Assign(flag, n.Const(True), span=s.span)
        elif not isinstance(s, n.For | n.While):
            s = with_blocks(s, tuple(_without_jumps(b, flag) for b in blocks(s)))
        out.append(s)
    return tuple(out)


def copies(block: n.Block) -> n.Block:
    """The block with a new statement for each."""
    return tuple(with_blocks(replace(s), tuple(copies(b) for b in blocks(s))) for s in block)


# Methods that change the length of what is iterated over.
_RESIZING = frozenset(
    ("append", "extend", "insert", "remove", "pop", "clear", "popitem", "update", "setdefault")
)


def check_unchanged(s: n.For, infer: Infer) -> None:
    """Refuses a loop that changes the length of what it iterates over.

    Raises:
        UnsupportedError: it does.
    """
    iterated = {x.name for x in subexpressions(s.iter) if isinstance(x, n.Var)}
    iterated = {name for name in iterated if isinstance(infer(n.Var(name)), ListOf | DictOf)}
    for inner in statements(s.body):
        for name in _resized(inner) & iterated:
            raise UnsupportedError(
                f"{name!r} is changed while a loop runs over it.",
                inner.span,
                None,
                f"loop over a copy of it: {show(n.Call(n.Ref('list', list), (n.Var(name),)))}.",
            )


def _resized(s: n.Stmt) -> set[str]:
    if isinstance(s, n.Update) and isinstance(s.target, n.Var):
        return {s.target.name}
    if isinstance(s, n.Opaque):
        return set(s.writes)
    out = set()
    value = s.value if isinstance(s, n.Effect | n.Assign | n.Return) else None
    for x in subexpressions(value) if value is not None else ():
        if isinstance(x, n.Call) and isinstance(x.callee, n.Field) and x.callee.name in _RESIZING:
            if isinstance(x.callee.base, n.Var):
                out.add(x.callee.base.name)
    return out
