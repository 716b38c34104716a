"""Starred arguments, items and targets, one by one where it is known how many they are.

g(x, *ab)           →       g(x, ab[0], ab[1])          (ab is a pair)
g(x, **opts)        →       g(x, k=opts["k"])           (opts has the key "k")
a, *rest = t        →       a, rest = t[0], [t[1], t[2]]
"""

from __future__ import annotations

from collections.abc import Callable

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import DictOf, Kind, Object, TupleOf

Infer = Callable[[n.Expr], Kind]


def is_starred(e: n.Expr) -> bool:
    """Whether an expression has starred parts."""
    if isinstance(e, n.Call):
        double = any(name == "**" for name, _ in e.keywords)
        return double or any(isinstance(a, n.Starred) for a in e.args)
    return isinstance(e, n.Tuple | n.List) and any(isinstance(a, n.Starred) for a in e.items)


def spread(e: n.Expr, infer: Infer) -> n.Expr:
    """A call or display with its starred parts one by one; itself where that is not known."""
    if not is_starred(e):
        return e
    if isinstance(e, n.Call):
        args, keywords = _items(e.args, infer), _keywords(e.keywords, infer)
        if args is None or keywords is None:
            return e
        return n.Call(e.callee, args, keywords, span=e.span)
    assert isinstance(e, n.Tuple | n.List)
    items = _items(e.items, infer)
    return e if items is None else type(e)(items, span=e.span)


def _items(items: tuple[n.Expr, ...], infer: Infer) -> tuple[n.Expr, ...] | None:
    out: list[n.Expr] = []
    for item in items:
        if not isinstance(item, n.Starred):
            out.append(item)
            continue
        inside = _spread_items(item.value, infer)
        if inside is None:
            return None
        out += inside
    return tuple(out)


def _spread_items(e: n.Expr, infer: Infer) -> tuple[n.Expr, ...] | None:
    """The items of what a star stands before."""
    if isinstance(e, n.Tuple | n.List):
        return _items(e.items, infer)
    kind = infer(e)
    if not isinstance(kind, TupleOf):
        return None
    return tuple(n.Index(e, n.Const(i), span=e.span) for i in range(len(kind.items)))


def _keywords(
    keywords: tuple[tuple[str, n.Expr], ...], infer: Infer
) -> tuple[tuple[str, n.Expr], ...] | None:
    out: list[tuple[str, n.Expr]] = []
    for name, value in keywords:
        if name != "**":
            out.append((name, value))
            continue
        if isinstance(value, n.Dict):
            out += zip(value.keys, value.items, strict=True)
            continue
        kind = infer(value)
        keys = known_keys(kind)
        if keys is None:
            return None
        out += ((key, n.Index(value, n.Const(key), span=value.span)) for key in keys)
    return tuple(out)


def known_keys(kind: Kind) -> tuple[str, ...] | None:
    """The keys of a dict, where they are known and are strings."""
    if isinstance(kind, DictOf):
        return kind.keys
    # Of a global the keys are checked at each call.
    if isinstance(kind, Object) and type(kind.value) is dict and len(kind.path) == 1:
        keys = tuple(kind.value)
        return keys if all(type(key) is str for key in keys) else None
    return None


def taken_apart(target: n.Tuple, count: int) -> tuple[n.Target, list[tuple[int, int]]] | None:
    """A target with a star, and which items of a value of so many each of its parts takes: from
    the first number on, and below the second. None where it does not fit.
    """
    at = next(i for i, item in enumerate(target.items) if isinstance(item, n.Starred))
    after = len(target.items) - at - 1
    if count < at + after:
        return None
    places = [(i, i + 1) for i in range(at)]
    places.append((at, count - after))
    places += [(i, i + 1) for i in range(count - after, count)]
    star = target.items[at]
    assert isinstance(star, n.Starred)
    items = (*target.items[:at], star.value, *target.items[at + 1 :])
    return n.Tuple(items, span=target.span), places
