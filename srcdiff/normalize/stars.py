"""Starred parts and lookups in dicts, where the kinds tell what they stand for.

y = g(x, *pair, **opts)     →       y = g(x, pair[0], pair[1], k=opts["k"])
a, *rest = t                →       a, rest = t[0], [t[1], t[2]]
k = opts.get("k", 1.0)      →       k = opts["k"]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from srcdiff.errors import UnsupportedError
from srcdiff.ir import nodes as n
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import Array, DictOf, Kind, ListOf, TupleOf
from srcdiff.ir.stars import is_starred, spread, taken_apart
from srcdiff.ir.walk import (
    blocks,
    expressions,
    map_expressions,
    rebuild,
    subexpressions,
    target_names,
    with_blocks,
)

Infer = Callable[[n.Expr], Kind]


@dataclass(frozen=True)
class Starry:
    """What is known of a function's statements.

    Attributes:
        reached: whether control reaches a statement.
        infer: the kinds before a statement.
        active: whether an expression that a statement reads carries a derivative.
        only_reads: whether evaluating the expressions of a statement changes nothing.
    """

    reached: Callable[[n.Stmt], bool]
    infer: Callable[[n.Stmt], Infer]
    active: Callable[[n.Stmt, n.Expr], bool]
    only_reads: Callable[[n.Stmt], bool]


def without_stars(function: n.Function, names: Names, facts: Starry) -> n.Function:
    """The function with what stars stand for; itself where nothing can be told."""
    body = _Stars(names, facts).block(function.body)
    return function if body is function.body else replace(function, body=body)


def concerns(s: n.Stmt) -> bool:
    """Whether a statement has stars, or looks something up in a dict."""
    return any(
        isinstance(x, n.Starred) or is_starred(x) or _lookup(x) is not None
        for e in expressions(s)
        for x in subexpressions(e)
    )


def _lookup(e: n.Expr) -> n.Call | None:
    """`d.get("k", ...)`."""
    if isinstance(e, n.Call) and isinstance(e.callee, n.Field) and e.callee.name == "get":
        key = e.args[0] if 1 <= len(e.args) <= 2 and not e.keywords else None
        return e if isinstance(key, n.Const) and type(key.value) is str else None
    return None


class _Stars:
    def __init__(self, names: Names, facts: Starry) -> None:
        self._names = names
        self._facts = facts
        self._before: list[n.Stmt] = []

    def block(self, block: n.Block) -> n.Block:
        out: list[n.Stmt] = []
        for s in block:
            new = s
            self._before = []
            if self._facts.reached(s) and concerns(s):
                new = self._statement(s)
            out += self._before
            after: list[n.Stmt] = []
            if isinstance(new, n.Assign) and isinstance(new.target, n.Tuple):
                new = self._inner_stars(new, new.target, after)
            out.append(with_blocks(new, tuple(self.block(b) for b in blocks(new))))
            out += after
        return block if tuple(out) == block else tuple(out)

    def _statement(self, s: n.Stmt) -> n.Stmt:
        infer = self._facts.infer(s)
        # What gets a name is evaluated before everything else in the statement.
        free = not isinstance(s, n.While) and self._facts.only_reads(s)
        new = map_expressions(s, lambda e: self._expr(e, infer, free))
        if all(a is b for a, b in zip(expressions(s), expressions(new), strict=True)):
            new = s
        if isinstance(new, n.Assign) and _has_star(new.target):
            assert isinstance(new.target, n.Tuple)
            return self._target(s, new, new.target, infer)
        return new

    def _expr(self, e: n.Expr, infer: Infer, free: bool) -> n.Expr:
        """An expression with its stars spread; `free`: whether a part may get a name before."""
        lazy = isinstance(e, n.Choose) or (isinstance(e, n.Op) and e.op in ("and", "or"))
        new = rebuild(e, lambda child: self._expr(child, infer, free and not lazy))
        lookup = _lookup(new)
        if lookup is not None and isinstance(lookup.callee, n.Field):
            return self._looked_up(lookup, lookup.callee.base, infer)
        if not is_starred(new) or spread(new, infer) is new:
            return new
        if not any(map(_is_costly, _starred_values(new))):
            return spread(new, infer)
        return spread(self._named(new), self._inferring(infer)) if free else new

    def _inferring(self, infer: Infer) -> Infer:
        """Kinds, those of names just given included."""
        given = {s.target: s.value for s in self._before if isinstance(s, n.Assign)}

        def known(e: n.Expr) -> Kind:
            return infer(given.get(e, e))  # type: ignore[call-overload]

        return known

    def _named(self, e: n.Expr) -> n.Expr:
        """The expression with names for what its stars stand before."""

        def named(item: n.Expr) -> n.Expr:
            if isinstance(item, n.Starred) and _is_costly(item.value):
                return n.Starred(self._name(item.value), span=item.span)
            return item

        if isinstance(e, n.Call):
            keywords = tuple(
                (k, self._name(v) if k == "**" and _is_costly(v) else v) for k, v in e.keywords
            )
            return n.Call(e.callee, tuple(map(named, e.args)), keywords, span=e.span)
        assert isinstance(e, n.Tuple | n.List)
        return replace(e, items=tuple(map(named, e.items)))

    def _name(self, e: n.Expr) -> n.Var:
        name = n.Var(self._names.fresh("items"), span=e.span)
        self._before.append(n.Assign(name, e, span=e.span))
        return name

    def _looked_up(self, e: n.Call, base: n.Expr, infer: Infer) -> n.Expr:
        kind, key = infer(base), e.args[0]
        if not isinstance(kind, DictOf) or not isinstance(key, n.Const):
            return e
        if key.value in kind.keys:
            return n.Index(base, key, span=e.span)
        return e.args[1] if len(e.args) > 1 else n.Const(None, span=e.span)

    def _sequence(self, s: n.Assign, target: n.Tuple, infer: Infer) -> n.Stmt | None:
        """`a, *rest, b = xs` of a list or an array: by index and slice."""
        kind, at = infer(s.value), _around_star(target)
        if at is None or not (
            isinstance(kind, ListOf) or (isinstance(kind, Array) and kind.ndim > 0)
        ):
            return None
        value = s.value
        names = {name for t in target.items for name in target_names(t)}
        if not isinstance(value, n.Var) or value.name in names:
            value = self._name(value)
        after = len(target.items) - at - 1
        stop = n.Const(-after) if after else None
        rest: n.Expr = n.Index(value, n.Slice(n.Const(at) if at else None, stop), span=s.span)
        if isinstance(kind, Array):
            rest = n.Call(n.Ref("list", list, list), (rest,), span=s.span)
        values: list[n.Expr] = [n.Index(value, n.Const(k), span=s.span) for k in range(at)]
        values.append(rest)
        values += [n.Index(value, n.Const(k - after), span=s.span) for k in range(after)]
        items = tuple(t.value if isinstance(t, n.Starred) else t for t in target.items)
        for t, v in zip(items[:-1], values[:-1], strict=True):
            assert isinstance(t, n.Var | n.Index)
            self._before.append(n.Assign(t, v, span=s.span))
        last = items[-1]
        assert isinstance(last, n.Var | n.Index)
        return n.Assign(last, values[-1], span=s.span)

    def _inner_stars(self, s: n.Assign, target: n.Tuple, after: list[n.Stmt]) -> n.Assign:
        """`(a, *b), c = t` as `item, c = t` and, after it, `a, *b = item`."""
        items = list(target.items)
        for i, item in enumerate(items):
            if _has_star(item):
                assert isinstance(item, n.Tuple)
                items[i] = n.Var(self._names.fresh("items"))
                after.append(n.Assign(item, items[i], span=s.span))
        return replace(s, target=replace(target, items=tuple(items))) if after else s

    def _target(self, old: n.Stmt, s: n.Assign, target: n.Tuple, infer: Infer) -> n.Stmt:
        """`a, *rest = t` as an assignment of so many values."""
        value, count = s.value, None
        if isinstance(value, n.Tuple | n.List):
            count = None if is_starred(value) else len(value.items)
        elif isinstance(infer(value), TupleOf):
            count = len(infer(value).items)  # type: ignore[attr-defined]
            if _is_costly(value):
                value = self._name(value)
        found = None if count is None else taken_apart(target, count)
        if found is None:
            parts = self._sequence(s, target, infer) if count is None else None
            if parts is not None:
                return parts
            if self._facts.active(old, s.value):
                raise UnsupportedError(
                    "a starred target is not supported where it is not known how many values "
                    "there are.",
                    target.span or s.span,
                    None,
                    "take the parts by index and slice, such as x[0] and x[1:].",
                )
            return s
        whole, places = found
        values = tuple(
            _part(value, first, last, i, target) for i, (first, last) in enumerate(places)
        )
        return n.Assign(whole, n.Tuple(values, span=s.value.span), span=s.span)


def _around_star(target: n.Tuple) -> int | None:
    """The place of the one star among parts that are no tuples themselves."""
    at = [i for i, t in enumerate(target.items) if isinstance(t, n.Starred)]
    plain = all(isinstance(t, n.Var | n.Index | n.Starred) for t in target.items)
    return at[0] if plain and len(at) == 1 else None


def _part(value: n.Expr, first: int, last: int, i: int, target: n.Tuple) -> n.Expr:
    """What one part of a target takes: an item, or for a star a list of items."""
    if isinstance(value, n.Tuple | n.List):
        items = value.items[first:last]
    else:
        items = tuple(n.Index(value, n.Const(k), span=value.span) for k in range(first, last))
    return n.List(items, span=value.span) if isinstance(target.items[i], n.Starred) else items[0]


def _has_star(target: n.Expr) -> bool:
    return isinstance(target, n.Tuple) and any(isinstance(x, n.Starred) for x in target.items)


def _starred_values(e: n.Expr) -> list[n.Expr]:
    if isinstance(e, n.Call):
        starred = [a.value for a in e.args if isinstance(a, n.Starred)]
        return starred + [value for name, value in e.keywords if name == "**"]
    assert isinstance(e, n.Tuple | n.List)
    return [a.value for a in e.items if isinstance(a, n.Starred)]


def _is_costly(e: n.Expr) -> bool:
    """Whether an expression should not be evaluated once for each item."""
    if isinstance(e, n.Index):
        return _is_costly(e.base) or not isinstance(e.key, n.Const | n.Slice)
    return not isinstance(e, n.Var | n.Tuple | n.List | n.Dict | n.Global)
