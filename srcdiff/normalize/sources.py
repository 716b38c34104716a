"""Where the items of an iterable come from: how many there are, and the item at an index.

enumerate(zip(xs, ys))      →       min(len(xs), len(ys)) items; at i: (i, (xs[i], ys[i]))
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from srcdiff.ir import nodes as n
from srcdiff.ir.build import add, number, sub
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import (
    UNKNOWN,
    Array,
    DictOf,
    IteratorOf,
    Kind,
    ListOf,
    RangeOf,
    TupleOf,
    join_all,
    same_dim,
)
from srcdiff.ir.reads import value_reads
from srcdiff.ir.walk import constant_slice, names_in, subexpressions, target_names

_LEN = n.Ref("len", len, len)
_MIN = n.Ref("min", min, min)


@dataclass(frozen=True)
class Source:
    """The items of an iterable.

    Attributes:
        lengths: expressions, the least of which says how many items there are.
        count: the least of the lengths that are known as numbers.
        item: the item at an index.
        literal: whether the index must be a literal: the items have no common kind, or carry
            derivatives and stand in a tuple.
        arrays: the sequences that are read by index.
        forward: of `reversed(xs)`, the items of xs.
    """

    lengths: tuple[n.Expr, ...]
    count: int | None
    item: Callable[[n.Expr], n.Expr]
    literal: bool = False
    arrays: tuple[n.Expr, ...] = ()
    forward: Callable[[n.Expr], n.Expr] | None = None


@dataclass
class Finder:
    """Finds the sources of one loop.

    Args:
        infer: kinds before the loop.
        names: for what must be evaluated once, before the loop.
        bound: the names that the loop binds.
        stored: the names whose contents it changes.
        active: whether an expression carries a derivative.
    """

    infer: Callable[[n.Expr], Kind]
    names: Names
    bound: frozenset[str]
    stored: frozenset[str]
    active: Callable[[n.Expr], bool]
    before: list[n.Stmt] = field(default_factory=list)

    def find(self, e: n.Expr, target: n.Expr) -> Source | None:
        """The source of an iterable; None where it can only be iterated."""
        callee = e.callee.value if isinstance(e, n.Call) and isinstance(e.callee, n.Ref) else None
        if isinstance(e, n.Call) and not any(isinstance(a, n.Starred) for a in e.args):
            if callee is enumerate:
                return self._enumerate(e, target)
            if callee is zip and e.args:
                return self._zip(e, target)
            if callee is reversed and len(e.args) == 1:
                return self._reversed(e.args[0], target)
            endless = self._endless(e, callee, target)
            if endless is not None:
                return endless
            if callee is range and len(e.args) == 1 and not e.keywords:
                return Source((self._stop(e.args[0], target),), None, lambda i: i)
        if isinstance(e, n.Tuple | n.List):
            return self._display(e, target)
        view = viewed(e, self.infer)
        if view is not None:
            return self._dict(e, *view, target)
        kind = self.infer(e)
        if isinstance(kind, TupleOf):
            return self._tuple(e, kind, target)
        if isinstance(kind, ListOf | RangeOf) or (isinstance(kind, Array) and kind.ndim):
            return self._sliced(e, kind) or self._sequence(e, kind, target)
        return None

    def _endless(self, e: n.Call, callee: object, target: n.Expr) -> Source | None:
        """`itertools.repeat(x)`, `count(a, step)` and `cycle(xs)`, which stand beside others."""
        if callee is itertools.repeat and len(e.args) == 1 and not e.keywords:
            value = self._steady(e.args[0], target, "value")
            return Source((), None, lambda i: value)
        if callee is itertools.count and not e.keywords:
            start = self._stop(e.args[0], target) if e.args else n.Const(0)
            if len(e.args) == 2:
                step = self._stop(e.args[1], target)
                return Source((), None, lambda i: add(n.Op("mul", (i, step)), start))
            return Source((), None, lambda i: add(i, start)) if len(e.args) < 2 else None
        if callee is itertools.cycle and len(e.args) == 1:
            kind = self.infer(e.args[0])
            if not isinstance(kind, ListOf | Array):
                return None
            values = self._steady(e.args[0], target, "values")
            count = n.Call(_LEN, (values,))
            return Source((), None, lambda i: n.Index(values, n.Op("mod", (i, count))))
        return None

    def _sequence(self, e: n.Expr, kind: Kind, target: n.Expr) -> Source:
        what = {RangeOf: "range", Array: "array"}.get(type(kind), "items")
        sequence = self._steady(e, target, what)
        length = n.Call(_LEN, (sequence,))
        return Source((length,), None, lambda i: n.Index(sequence, i), arrays=(sequence,))

    def _sliced(self, e: n.Expr, kind: Kind) -> Source | None:
        """`x[1:-1]`: the items of x at indices that are moved."""
        if not (
            isinstance(e, n.Index) and isinstance(e.key, n.Slice) and isinstance(e.base, n.Var)
        ):
            return None
        bounds, base = constant_slice(e.key), e.base
        if bounds is None or bounds.step not in (None, 1) or base.name in self.bound:
            return None
        first, last = bounds.start or 0, bounds.stop or 0
        if first < 0 or last > 0 or (bounds.stop == 0):
            return None
        # The slice of a list is a copy, that of an array a view.
        if not isinstance(kind, Array) and base.name in self.stored:
            return None
        length = sub(n.Call(_LEN, (base,)), n.Const(first - last))
        return Source(
            (length,), None, lambda i: n.Index(base, add(i, n.Const(first))), arrays=(base,)
        )

    def _steady(self, e: n.Expr, target: n.Expr, what: str) -> n.Expr:
        """The expression, under a name where the loop could change it or it is not one."""
        if isinstance(e, n.Const) or (isinstance(e, n.Var) and e.name not in self.bound):
            return e
        name = n.Var(self.names.fresh(f"{next(iter(target_names(target)), 'item')}_{what}"))
        self.before.append(n.Assign(name, e, span=e.span))
        return name

    def _stop(self, e: n.Expr, target: n.Expr) -> n.Expr:
        """A bound, under a name where the loop could change it."""
        changed = names_in(e) & self.bound or value_reads(e) & self.stored
        pure = all(
            isinstance(x, n.Var | n.Const | n.Op | n.Field) or _is_len(x)
            for x in subexpressions(e)
            if not isinstance(x, n.Ref)
        )
        return e if pure and not changed else self._steady(e, target, "stop")

    def _enumerate(self, e: n.Call, target: n.Expr) -> Source | None:
        given = dict(zip(("iterable", "start"), e.args, strict=False)) | dict(e.keywords)
        if not given.keys() <= {"iterable", "start"} or "iterable" not in given:
            return None
        pair = target.items if isinstance(target, n.Tuple) and len(target.items) == 2 else None
        inner = self.find(given["iterable"], pair[1] if pair else target)
        if inner is None:
            return None
        start = self._stop(given.get("start", n.Const(0)), target)

        def item(i: n.Expr) -> n.Expr:
            return n.Tuple((add(i, start), inner.item(i)))

        return replace(inner, item=item, forward=None)

    def _zip(self, e: n.Call, target: n.Expr) -> Source | None:
        targets = target.items if isinstance(target, n.Tuple) else ()
        if len(targets) != len(e.args):
            targets = (target,) * len(e.args)
        strict = dict(e.keywords).get("strict", n.Const(False))
        if not isinstance(strict, n.Const) or len(e.keywords) > 1:
            return None
        parts = [self.find(arg, t) for arg, t in zip(e.args, targets, strict=True)]
        found = [part for part in parts if part is not None]
        if len(found) < len(parts):
            return None
        if not any(part.lengths or part.count is not None for part in found):
            return None
        counts = [part.count for part in found if part.count is not None]
        lengths: list[n.Expr] = []
        for length in (x for part in found for x in part.lengths):
            if not any(self._same(length, known) for known in lengths):
                lengths.append(length)
        if strict.value and len(lengths) > 1:
            self.before.append(_check_equal(lengths, e))

        def item(i: n.Expr) -> n.Expr:
            return n.Tuple(tuple(part.item(i) for part in found))

        return Source(
            tuple(lengths),
            min(counts) if counts else None,
            item,
            any(part.literal for part in found),
            tuple(x for part in found for x in part.arrays),
        )

    def _same(self, a: n.Expr, b: n.Expr) -> bool:
        """Whether two lengths are known to be equal."""
        if a == b:
            return True
        kinds = [
            self.infer(x.args[0]) for x in (a, b) if isinstance(x, n.Call) and x.callee == _LEN
        ]
        x, y = kinds if len(kinds) == 2 else (UNKNOWN, UNKNOWN)
        return isinstance(x, Array) and isinstance(y, Array) and same_dim(x.dims[0], y.dims[0])

    def _reversed(self, e: n.Expr, target: n.Expr) -> Source | None:
        if isinstance(self.infer(e), IteratorOf):
            return None  # as Python says when it runs, this cannot be reversed
        inner = self.find(e, target)
        if inner is None:
            return None
        last = n.Const(inner.count - 1) if inner.count is not None else None

        def item(i: n.Expr) -> n.Expr:
            return inner.item(sub(last or sub(inner.lengths[0], n.Const(1)), i))

        return replace(inner, item=item, forward=None if inner.literal else inner.item)

    def _display(self, e: n.Tuple | n.List, target: n.Expr) -> Source | None:
        if any(isinstance(item, n.Starred) for item in e.items):
            return None
        if not self.active(e) and join_all(map(self.infer, e.items), "") != UNKNOWN:
            return self._indexed(self._steady(e, target, "values"), len(e.items))
        items = tuple(
            item if isinstance(item, n.Tuple) else self._steady(item, target, "item")
            for item in e.items
        )
        return Source((), len(items), lambda i: items[_literal(i)], literal=True)

    def _dict(self, e: n.Expr, base: n.Expr, what: str, target: n.Expr) -> Source | None:
        kind = self.infer(base)
        assert isinstance(kind, DictOf)
        keys = tuple(n.Const(key) for key in kind.keys)
        if what == "keys":
            values = self._steady(n.Tuple(keys, span=e.span), target, "keys")
            return self._indexed(values, len(keys))
        if not self.active(base) and join_all(kind.items, "") != UNKNOWN:
            made = n.Call(n.Ref("list", list, list), (e,), span=e.span)
            return self._sequence(made, ListOf(UNKNOWN), target)
        whole = self._steady(base, target, "items")

        def item(i: n.Expr) -> n.Expr:
            key = keys[_literal(i)]
            value = n.Index(whole, key, span=e.span)
            return value if what == "values" else n.Tuple((key, value))

        return Source((), len(keys), item, literal=True)

    def _tuple(self, e: n.Expr, kind: TupleOf, target: n.Expr) -> Source:
        values = self._steady(e, target, "items")
        if self.active(e) or join_all(kind.items, "") == UNKNOWN:
            return Source(
                (), len(kind.items), lambda i: n.Index(values, n.Const(_literal(i))), literal=True
            )
        return self._indexed(values, len(kind.items))

    def _indexed(self, values: n.Expr, count: int) -> Source:
        """A tuple whose items have one kind."""
        return Source((n.Const(count),), count, lambda i: n.Index(values, i), arrays=(values,))


def _check_equal(lengths: list[n.Expr], e: n.Call) -> n.Stmt:
    """What `zip` checks with strict=True."""
    test = n.Compare(("ne",), (lengths[0], lengths[1]))
    unequal: n.Expr = test
    if len(lengths) > 2:
        tests = (n.Compare(("ne",), (lengths[0], other)) for other in lengths[1:])
        unequal = n.Op("or", tuple(tests))
    error = n.Ref("ValueError", ValueError, ValueError)
    message = n.Const("zip() arguments have different lengths")
    return n.If(unequal, (n.Raise(n.Call(error, (message,)), span=e.span),), span=e.span)


def viewed(e: n.Expr, infer: Callable[[n.Expr], Kind]) -> tuple[n.Expr, str] | None:
    """The dict that an expression iterates over, and what of it: keys, values or items."""
    if isinstance(infer(e), DictOf):
        return e, "keys"
    if not isinstance(e, n.Call) or not isinstance(e.callee, n.Field) or e.args:
        return None
    base, what = e.callee.base, e.callee.name
    if what not in ("keys", "values", "items") or not isinstance(infer(base), DictOf):
        return None
    return base, what


def least(lengths: Iterable[n.Expr]) -> n.Expr:
    """The least of some lengths."""
    lengths = _shortest(lengths)
    numbers = [x for x in map(number, lengths) if x is not None]
    if len(numbers) > 1:
        others = tuple(x for x in lengths if number(x) is None)
        lengths = (*others, n.Const(min(numbers)))
    return lengths[0] if len(lengths) == 1 else n.Call(_MIN, lengths)


def _shortest(lengths: Iterable[n.Expr]) -> tuple[n.Expr, ...]:
    """Of `len(x)` and `len(x) - 1` only the latter."""
    found: dict[n.Expr, n.Expr] = {}
    for length in lengths:
        base = _less(length)[0]
        if base not in found or _less(length)[1] > _less(found[base])[1]:
            found[base] = length
    return tuple(found.values())


def _less(e: n.Expr) -> tuple[n.Expr, float]:
    """`e` as an expression and a number that is subtracted from it."""
    if isinstance(e, n.Op) and e.op == "sub":
        less = number(e.args[1])
        if less is not None:
            return e.args[0], less
    return e, 0


def _is_len(e: n.Expr) -> bool:
    return isinstance(e, n.Call) and e.callee == _LEN


def _literal(i: n.Expr) -> int:
    assert isinstance(i, n.Const)
    return int(i.value)
