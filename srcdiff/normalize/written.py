"""Places that a call writes into, and the stores that write there.

out=c               c[...] = value
out=A[1:-1]         A[1:-1] = value
where=m             c[m] = a[m] + b[m]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.fills import np_call
from srcdiff.ir.fresh import Names
from srcdiff.ir.kinds import (
    Array,
    Kind,
    Known,
    SliceOf,
    TupleOf,
    dims_of,
    dtype_of,
    is_number,
    same_dims,
)
from srcdiff.ir.names import APART
from srcdiff.ir.walk import subexpressions
from srcdiff.normalize.fresh import is_fresh

Infer = Callable[[n.Expr], Kind]

ELLIPSIS = n.Const(...)


@dataclass
class Site:
    """A statement that holds a call which writes, and what comes before it.

    Attributes:
        infer: kinds before the statement.
        names: names for values.
        statement: the statement.
        before: the stores that the call becomes.
    """

    infer: Infer
    names: Names
    statement: n.Stmt
    before: list[n.Stmt] = field(default_factory=list)

    def name(self, value: n.Expr, wish: str) -> n.Expr:
        """The value under a name, unless it has one or is a literal."""
        if isinstance(value, n.Var | n.Const):
            return value
        name = n.Var(self.names.fresh(wish), span=value.span)
        self.before.append(n.Assign(name, value, span=value.span or self.statement.span))
        return name

    def store(self, target: n.Index, value: n.Expr, in_order: bool = False) -> None:
        """`target = value`; `in_order`: NumPy stores one element after the other."""
        note = APART if in_order and not is_fresh(value, self.infer) else None
        self.before.append(n.Assign(target, value, span=self.statement.span, note=note))

    def update(self, target: n.Place, op: str, value: n.Expr) -> None:
        """`target op= value`."""
        self.before.append(n.Update(target, op, value, span=self.statement.span))


def whole(place: n.Expr, infer: Infer) -> n.Index | None:
    """The store target for all of an array that an expression stands for; None where storing
    there would not change it: a copy, or something without a place.
    """
    if not isinstance(infer(place), Array) or not is_place(place):
        return None
    if isinstance(place, n.Index) and isinstance(infer(place.base), Array):
        return place if _is_basic(place.key, infer) else None
    return n.Index(place, ELLIPSIS, span=place.span)


def _is_basic(key: n.Expr, infer: Infer) -> bool:
    """Whether indexing by a key gives a view: it has no arrays or lists in it."""
    if isinstance(key, n.Tuple):
        return all(_is_basic(item, infer) for item in key.items)
    kind = infer(key)
    if isinstance(kind, TupleOf):
        return not isinstance(key, n.List) and all(map(_is_basic_kind, kind.items))
    return isinstance(key, n.Slice) or _is_basic_kind(kind)


def _is_basic_kind(kind: Kind) -> bool:
    if isinstance(kind, SliceOf):
        return True
    if isinstance(kind, Known):
        return kind.value is None or kind.value is ... or isinstance(kind.value, slice)
    dtype = dtype_of(kind)
    return is_number(kind) and dtype is not None and dtype.kind in "iu"


def is_place(e: n.Expr) -> bool:
    """Whether an expression is a name, or an element or attribute of a place; reading it again
    reads the same.
    """
    while isinstance(e, n.Index | n.Field):
        if isinstance(e, n.Index) and any(isinstance(x, n.Call) for x in subexpressions(e.key)):
            return False
        e = e.base
    return isinstance(e, n.Var)


def part(target: n.Index, key: n.Expr) -> n.Index:
    """The part of a store target that a key picks."""
    if target.key == ELLIPSIS:
        return n.Index(target.base, key, span=target.span)
    return n.Index(target, key, span=target.span)


def reading(target: n.Index) -> n.Expr:
    """What a store target stands for, as an expression."""
    return target.base if target.key == ELLIPSIS else target


def spread_mask(mask: n.Expr, place: n.Expr, site: Site) -> n.Expr:
    """A mask with the shape of the place, named: it is read more than once."""
    dims, own = dims_of(site.infer(place)), dims_of(site.infer(mask))
    if dims is None or own is None or not same_dims(dims, own):
        mask = np_call("broadcast_to", mask, n.Field(place, "shape"))
    return site.name(mask, "chosen")


def picked(value: n.Expr, kind: Kind, mask: n.Expr, place: n.Expr, infer: Infer) -> n.Expr:
    """The elements of a value, broadcast to the shape of the place, that a mask picks."""
    if is_number(kind):
        return value
    dims, own = dims_of(infer(place)), dims_of(kind)
    if dims is None or own is None or not same_dims(dims, own):
        value = np_call("broadcast_to", value, n.Field(place, "shape"))
    return n.Index(value, mask)


def may_be_cast(value: Kind, place: Kind, casting: str = "same_kind") -> bool:
    """Whether NumPy casts the value to the dtype of the place."""
    a, b = dtype_of(value), dtype_of(place)
    return a is not None and b is not None and np.can_cast(a, b, casting)  # type: ignore[arg-type]


def is_boolean(kind: Kind) -> bool:
    """Whether the value is a bool, or an array of them."""
    return dtype_of(kind) == np.dtype(bool)
