"""The kinds of what iteration gives: of containers, and of `enumerate`, `zip` and `reversed`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import (
    INT,
    NOTHING,
    UNKNOWN,
    Array,
    DictOf,
    Dim,
    IteratorOf,
    Kind,
    ListOf,
    RangeOf,
    Scalar,
    TupleOf,
    join_all,
)
from srcdiff.ir.walk import constant_slice


def item_kind(kind: Kind, label: str) -> Kind:
    """The kind of what iterating over a value gives.

    Args:
        kind: the value's.
        label: names sizes that differ between the items.
    """
    match kind:
        case RangeOf():
            return INT
        case Array() if kind.ndim == 1:
            return Scalar(kind.dtype)
        case Array() if kind.ndim > 1:
            return Array(kind.dtype, kind.dims[1:])
        case ListOf():
            return _with_sizes(kind.item, f"{label}.item")
        case IteratorOf():
            return kind.item
        case TupleOf():
            return join_all(kind.items, f"{label}.item")
    return UNKNOWN


def is_empty(kind: Kind) -> bool:
    """Whether it is known that iterating over a value gives nothing."""
    match kind:
        case TupleOf() | DictOf():
            return not kind.items
        case IteratorOf():
            items = kind.item.items if isinstance(kind.item, TupleOf) else (kind.item,)
            return any(item == NOTHING for item in items)
    return False


def _with_sizes(kind: Kind, label: str) -> Kind:
    """An item of a list, with sizes of its own: those of the items differ."""
    match kind:
        case Array():
            dims = (
                replace(d, name=f"{label}.{i}", minus=0) if isinstance(d, Dim) else d
                for i, d in enumerate(kind.dims)
            )
            return Array(kind.dtype, tuple(dims))
        case TupleOf():
            items = enumerate(kind.items)
            return TupleOf(tuple(_with_sizes(item, f"{label}.{i}") for i, item in items))
    return kind


def view_kind(e: n.Call, infer: Callable[[n.Expr], Kind], label: str) -> Kind | None:
    """The kind of `d.keys()`, `d.values()` and `d.items()`; None for any other call."""
    if not isinstance(e.callee, n.Field) or e.args or e.keywords:
        return None
    kind = infer(e.callee.base)
    if not isinstance(kind, DictOf) or e.callee.name not in ("keys", "values", "items"):
        return None
    if e.callee.name == "keys":
        return IteratorOf(UNKNOWN)
    value = join_all(kind.items, f"{label}.item")
    return IteratorOf(value if e.callee.name == "values" else TupleOf((UNKNOWN, value)))


def iterator_kind(e: n.Call, infer: Callable[[n.Expr], Kind], label: str) -> Kind | None:
    """The kind of a call that makes an iterator over others; None for any other call."""
    callee = e.callee.value if isinstance(e.callee, n.Ref) else None
    if callee is reversed and len(e.args) == 1 and isinstance(infer(e.args[0]), RangeOf):
        return RangeOf()
    if callee is reversed and len(e.args) == 1:
        return IteratorOf(item_kind(infer(e.args[0]), label))
    if callee is itertools.repeat and e.args:
        return IteratorOf(infer(e.args[0]))
    if callee is itertools.cycle and e.args:
        return IteratorOf(item_kind(infer(e.args[0]), label))
    if callee is itertools.count and all(infer(arg) == INT or _is_int(arg) for arg in e.args):
        return IteratorOf(INT)
    if callee is itertools.islice and e.args:
        return IteratorOf(item_kind(infer(e.args[0]), label))
    if callee is itertools.pairwise and e.args:
        item = item_kind(infer(e.args[0]), label)
        return IteratorOf(TupleOf((item, item)))
    if callee is enumerate and e.args:
        return IteratorOf(TupleOf((INT, item_kind(infer(e.args[0]), label))))
    if callee is zip and not any(isinstance(arg, n.Starred) for arg in e.args):
        items = (item_kind(infer(arg), f"{label}.{i}") for i, arg in enumerate(e.args))
        return IteratorOf(TupleOf(tuple(items)))
    return None


def _is_int(e: n.Expr) -> bool:
    return isinstance(e, n.Const) and type(e.value) is int


def tuple_item(base: TupleOf, e: n.Index, label: str) -> Kind:
    """The kind of an item, or of a slice, of a tuple."""
    key = e.key.value if isinstance(e.key, n.Const) else None
    if type(key) is int:
        return base.items[key] if -len(base.items) <= key < len(base.items) else UNKNOWN
    if isinstance(e.key, n.Slice):
        bounds = constant_slice(e.key)
        return UNKNOWN if bounds is None else TupleOf(base.items[bounds])
    return join_all(base.items, f"{label}.item") if base.items else UNKNOWN
