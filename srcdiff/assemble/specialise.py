"""Kinds across a call: what a callee is specialised for, and its result in the caller's terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from srcdiff.ir.functional import held, map_held
from srcdiff.ir.kinds import (
    FLOAT,
    FLOAT64,
    PENDING,
    Array,
    DerivedOf,
    DictOf,
    Dim,
    FunctionOf,
    Kind,
    ListOf,
    Number,
    PartialOf,
    Scalar,
    TupleOf,
    join,
)

Size = int | Dim
Kinds = Mapping[str, Kind]


def canonical(given: Kinds, function: str) -> dict[str, Kind]:
    """Argument kinds with sizes named after the callee's parameters, so that calls with the same
    kinds share a pair.
    """
    return generalised(given, given, function)


def generalised(a: Kinds, b: Kinds, function: str) -> dict[str, Kind]:
    """Argument kinds that hold for both of two calls of one shape."""
    names: dict[tuple[str, int, str, int], Dim] = {}

    def joined(x: Size, y: Size, label: str) -> Size:
        if isinstance(x, int) and x == y:
            return x
        key = (*_key(x), *_key(y))
        if key not in names:
            names[key] = Dim(label, not_one=_not_one(x) and _not_one(y))
        return names[key]

    return {name: _zipped(kind, b[name], f"{function}({name})", joined) for name, kind in a.items()}


def _key(size: Size) -> tuple[str, int]:
    return ("", size) if isinstance(size, int) else (size.name, size.minus)


def _not_one(size: Size) -> bool:
    return size != 1 if isinstance(size, int) else size.not_one


def _zipped(a: Kind, b: Kind, label: str, joined: Callable[[Size, Size, str], Size]) -> Kind:
    """Two kinds of one shape, with their sizes joined."""
    match a, b:
        case Array(), Array():
            dims = enumerate(zip(a.dims, b.dims, strict=True))
            return Array(a.dtype, tuple(joined(x, y, f"{label}.{i}") for i, (x, y) in dims))
        case Number(), Number() if a.size is not None and b.size is not None:
            size = joined(a.size, b.size, f"{label}.size")
            literal = isinstance(a.size, int) or isinstance(b.size, int)
            # An int that is a size in one call and a literal in the other is no size.
            return Number(a.type, None if literal and isinstance(size, Dim) else size)
        case Number(), Number():
            return Number(a.type)
        case (Number(), Scalar()) | (Scalar(), Number()):
            return join(a, b, label)
        case TupleOf(), TupleOf():
            items = enumerate(zip(a.items, b.items, strict=True))
            return TupleOf(tuple(_zipped(x, y, f"{label}.{i}", joined) for i, (x, y) in items))
        case DictOf(), DictOf():
            triples = zip(a.keys, a.items, b.items, strict=True)
            joints = (_zipped(x, y, f"{label}.{key}", joined) for key, x, y in triples)
            return DictOf(a.keys, tuple(joints))
        case (
            (FunctionOf() | PartialOf() | DerivedOf()),
            (FunctionOf() | PartialOf() | DerivedOf()),
        ):
            others = dict(held(b))
            return map_held(
                a, lambda name, item: _zipped(item, others[name], f"{label}.{name}", joined)
            )
    return a


def shape(kinds: Kinds, exact: bool) -> tuple[Any, ...]:
    """The kinds without any sizes: calls that agree in this can share a specialisation.

    `exact`: whether a float and NumPy's, which is what arithmetic makes of it, are two.
    """
    return tuple((name, _without_sizes(kind, exact)) for name, kind in kinds.items())


def _without_sizes(kind: Kind, exact: bool) -> Kind:
    match kind:
        case Array():
            return Array(kind.dtype, (0,) * kind.ndim)
        case Number():
            return FLOAT64 if kind == FLOAT and not exact else Number(kind.type)
        case TupleOf():
            return TupleOf(tuple(_without_sizes(item, exact) for item in kind.items))
        case DictOf():
            return DictOf(kind.keys, tuple(_without_sizes(item, exact) for item in kind.items))
        case FunctionOf() | PartialOf() | DerivedOf():
            return map_held(kind, lambda _, item: _without_sizes(item, exact))
    return kind


def is_pending(kind: Kind) -> bool:
    """Whether the value hangs on a call that is still being looked at."""
    match kind:
        case TupleOf() | DictOf():
            return any(map(is_pending, kind.items))
        case ListOf():
            return is_pending(kind.item)
        case FunctionOf() | PartialOf() | DerivedOf():
            return any(is_pending(item) for _, item in held(kind))
    return kind == PENDING


def in_terms_of(given: Kinds, kinds: Kinds, result: Kind, at: str) -> Kind:
    """The kind of a call's result, its sizes in terms of the caller's.

    Args:
        given: the kinds of the call's arguments.
        kinds: those that the callee is specialised for.
        result: what the callee returns, in terms of these.
        at: names the call; sizes made inside are new at each.
    """
    back: dict[str, Size] = {}

    def remember(inside: Size, outside: Size, label: str) -> Size:
        if isinstance(inside, Dim):
            back.setdefault(inside.name, outside)
        return inside

    for name, kind in kinds.items():
        _zipped(kind, given[name], "", remember)

    def renamed(d: Size, _: Size, label: str) -> Size:
        if isinstance(d, int):
            return d
        known = back.get(d.name)
        if known is None:
            return Dim(f"{at}|{d.name}", d.minus)
        if isinstance(known, int):
            return max(known - d.minus, 0)
        return Dim(known.name, known.minus + d.minus, known.not_one and not d.minus)

    return _zipped(result, result, "", renamed)
