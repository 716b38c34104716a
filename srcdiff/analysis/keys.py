"""Keys of arrays: what each entry of `x[...]` is, as NumPy reads it.

Integers, slices, None and `...` give a view. Arrays and sequences of integers, and masks, give a
copy: they are broadcast against each other and against the integers beside them, and their axes
stand where the first of them stood, or in front where a slice stands between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import (
    UNKNOWN,
    Array,
    Dims,
    Kind,
    Known,
    ListOf,
    Number,
    RangeOf,
    Scalar,
    SliceOf,
    TupleOf,
    broadcast_dims,
    dtype_of,
    is_number,
    same_dims,
)

Infer = Callable[[n.Expr], Kind]
Bounds = tuple[int | None, int | None, int | None]


@dataclass(frozen=True)
class Entry:
    """One entry of a key.

    Attributes:
        what: "axis" (None), "ellipsis", "slice", "integer", "indices" (of integers) or "mask".
        expr: its expression; None where the key is a variable that holds a tuple.
        dims: the dimensions of indices or of a mask; None where they are not known.
        bounds: those of a slice that is kept in a variable, where they are literals.
    """

    what: str
    expr: n.Expr | None
    dims: Dims | None = None
    bounds: Bounds | None = None


def key_entries(key: n.Expr, infer: Infer) -> tuple[Entry, ...] | None:
    """The entries of a key; None where it is not known what one of them is."""
    if isinstance(key, n.Tuple):
        found = [_entry(item, _kind(item, infer)) for item in key.items]
    else:
        kind = _kind(key, infer)
        if isinstance(kind, TupleOf) and not isinstance(key, n.List):
            found = [_entry(None, item) for item in kind.items]
        else:
            found = [_entry(key, kind)]
    known = tuple(e for e in found if e is not None)
    return known if len(known) == len(found) else None


def _kind(e: n.Expr, infer: Infer) -> Kind:
    if isinstance(e, n.List | n.Tuple):
        return TupleOf(tuple(_kind(item, infer) for item in e.items))
    return infer(e)


def _entry(e: n.Expr | None, kind: Kind) -> Entry | None:
    if isinstance(e, n.Slice):
        return Entry("slice", e)
    if isinstance(kind, SliceOf):
        return Entry("slice", e, bounds=kind.bounds)
    if isinstance(kind, Known) and isinstance(kind.value, slice):
        return Entry("slice", e)
    if isinstance(kind, Known) and (kind.value is None or kind.value is Ellipsis):
        return Entry("axis" if kind.value is None else "ellipsis", e)
    if isinstance(kind, RangeOf):
        return Entry("indices", e, _range_dims(e))
    if isinstance(kind, ListOf):
        if not is_number(kind.item):
            return None
        what = _what(kind.item)
        return None if what is None else Entry(what, e)
    if isinstance(kind, TupleOf):
        return _display(e, kind)
    what = _what(kind)
    if what is None:
        return None
    if isinstance(kind, Array):
        return Entry(what, e, kind.dims) if kind.dims or what == "indices" else None
    return Entry("integer", e) if what == "indices" else None


def _range_dims(e: n.Expr | None) -> Dims | None:
    """The dimension of `range(...)` of literals."""
    if not isinstance(e, n.Call) or not e.args:
        return None
    values: list[Any] = [x.value if isinstance(x, n.Const) else None for x in e.args]
    if not all(type(v) is int for v in values):
        return None
    return (len(range(*values)),)


def _what(kind: Kind) -> str | None:
    """What an array of this dtype is in a key."""
    dtype = dtype_of(kind)
    return None if dtype is None else {"b": "mask", "i": "indices", "u": "indices"}.get(dtype.kind)


def _display(e: n.Expr | None, kind: TupleOf) -> Entry | None:
    """A list of integers or of such lists counts as an array."""
    if not kind.items:
        return None
    if all(isinstance(item, Number | Scalar | Known) for item in kind.items):
        whats = {_what(item) for item in kind.items}
        what = whats.pop()
        return Entry(what, e, (len(kind.items),)) if what and not whats else None
    parts = [_entry(None, item) for item in kind.items]
    if any(p is None for p in parts):
        return None
    first = parts[0]
    assert first is not None
    for p in parts:
        assert p is not None
        if p.what != first.what or p.dims is None or first.dims is None:
            return None
        if not same_dims(p.dims, first.dims):
            return None
    return Entry(first.what, e, (len(parts), *(first.dims or ())))


def is_slice(key: n.Expr, infer: Infer) -> bool:
    """Whether a key is a slice, written out or kept in a variable."""
    return isinstance(key, n.Slice) or isinstance(infer(key), SliceOf)


def slice_bounds(args: tuple[n.Expr, ...]) -> Bounds | None:
    """The bounds of `slice(*args)`, where they are literals."""
    values: list[Any] = [arg.value if isinstance(arg, n.Const) else arg for arg in args]
    if not 1 <= len(values) <= 3 or not all(v is None or type(v) is int for v in values):
        return None
    made = slice(*values)
    return made.start, made.stop, made.step


def made_key(value: Any, key: n.Expr) -> n.Expr | None:
    """The key that `np.s_[key]` and `np.index_exp[key]` are; None for anything else."""
    if value is np.index_exp and not isinstance(key, n.Tuple):
        return n.Tuple((key,))
    return key if value is np.s_ or value is np.index_exp else None


def key_kind(key: n.Expr | None, infer: Infer) -> Kind:
    """The kind of a key as a value."""
    if isinstance(key, n.Tuple):
        return TupleOf(tuple(key_kind(item, infer) for item in key.items))
    if isinstance(key, n.Slice):
        parts = (key.lower, key.upper, key.step)
        return SliceOf(slice_bounds(tuple(n.Const(None) if x is None else x for x in parts)))
    return UNKNOWN if key is None else infer(key)


def copies(key: n.Expr, infer: Infer) -> bool:
    """Whether indexing by the key gives a copy, and not a view."""
    entries = key_entries(key, infer)
    return entries is not None and any(e.what in ("indices", "mask") for e in entries)


def may_repeat(key: n.Expr, infer: Infer) -> bool:
    """Whether the key may name one element more than once."""
    entries = key_entries(key, infer)
    if entries is None:
        return True
    indices = [e for e in entries if e.what == "indices"]
    if not indices or _names_each_once(key):
        return False
    return not (len(indices) == 1 and _is_distinct(indices[0].expr))


# Functions whose indices are distinct.
_DISTINCT: frozenset[Any] = frozenset(
    getattr(np, f"{part}_indices{source}")
    for part in ("diag", "tril", "triu")
    for source in ("", "_from")
) | {np.nonzero, np.flatnonzero}


def _names_each_once(key: n.Expr) -> bool:
    """Whether a whole key is a call that gives distinct indices."""
    if not isinstance(key, n.Call) or not isinstance(key.callee, n.Ref):
        return False
    if key.callee.value is np.unravel_index and isinstance(key.args[0], n.Index):
        # A slice of all places, as `A.flat[::2]` becomes.
        base, inner = key.args[0].base, key.args[0].key
        every = isinstance(base, n.Call) and isinstance(base.callee, n.Ref) and len(base.args) == 1
        return every and base.callee.value is np.arange and isinstance(inner, n.Slice)  # type: ignore[attr-defined]
    return key.callee.value in _DISTINCT


def _is_distinct(e: n.Expr | None) -> bool:
    """Whether it is a list of different literals, none of which may count from the other end."""
    if not isinstance(e, n.List):
        return False
    values = [x.value for x in e.items if isinstance(x, n.Const) and type(x.value) is int]
    one_sided = all(v >= 0 for v in values) or all(v < 0 for v in values)
    return len(values) == len(e.items) == len(set(values)) and one_sided


def advanced_dims(entries: tuple[Entry, ...], fresh: Callable[[Entry], Dims]) -> Dims:
    """The dimensions of all indices and masks of a key, broadcast against each other.

    Args:
        entries: the key's entries.
        fresh: dimensions of unknown size for an entry.
    """
    shapes = []
    for e in entries:
        if e.what == "mask" or (e.what == "indices" and e.dims is None):
            shapes.append(fresh(e))
        elif e.what == "indices" and e.dims is not None:
            shapes.append(e.dims)
    return broadcast_dims(*shapes)
