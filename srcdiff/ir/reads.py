"""What an expression reads of a variable: its value, or only its shape."""

from __future__ import annotations

from collections.abc import Iterator
from types import EllipsisType
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.walk import children, expressions

# Functions that look only at the shape (and dtype) of their first argument.
_SHAPE_FUNCTIONS: frozenset[Any] = frozenset(
    (len, np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.full_like, np.empty_like)
)
_SHAPE_FIELDS = frozenset(("shape", "size", "ndim", "dtype"))


def value_reads(e: n.Expr) -> frozenset[str]:
    """The variables whose value the expression reads: `x` of `x[0]`, but not of `len(x)`."""
    return frozenset(name for name, value in _reads(e) if value)


def shape_reads(e: n.Expr) -> frozenset[str]:
    """The variables of which the expression reads the shape, whether or not the value too."""
    return frozenset(name for name, value in _reads(e) if not value)


def _reads(e: n.Expr, value: bool = True) -> Iterator[tuple[str, bool]]:
    if isinstance(e, n.Var):
        yield e.name, value
        return
    if isinstance(e, n.OpaqueExpr):
        for name in e.reads:
            yield name, True
        return
    if isinstance(e, n.Field) and e.name in _SHAPE_FIELDS:
        yield from _shape_of(e.base)
        return
    below = children(e)
    if (
        isinstance(e, n.Call)
        and isinstance(e.callee, n.Ref)
        and e.args
        and _is_shape(e.callee.value)
    ):
        yield from _shape_of(e.args[0])
        below = (*e.args[1:], *(v for _, v in e.keywords))
    elif isinstance(e, n.Call) and isinstance(e.callee, n.Ref) and e.callee.memory is not None:
        shapes = e.callee.memory.shapes
        for k in shapes:
            yield from _shape_of(e.args[k])
        below = tuple(child for k, child in enumerate(below) if k - 1 not in shapes)
    for child in below:
        yield from _reads(child, value)


def _shape_of(e: n.Expr) -> Iterator[tuple[str, bool]]:
    """A whole variable gives its shape; of a part, the shape depends on the key's value too."""
    if isinstance(e, n.Var):
        yield e.name, False
    elif isinstance(e, n.Field) and e.name == "T":
        yield from _shape_of(e.base)
    elif isinstance(e, n.Index) and all(map(_is_number_key, _entries(e.key))):
        yield from _shape_of(e.base)
        yield from _reads(e.key)
    else:
        yield from _reads(e)


def _entries(key: n.Expr) -> tuple[n.Expr, ...]:
    return key.items if isinstance(key, n.Tuple) else (key,)


def _is_number_key(key: n.Expr) -> bool:
    """Whether a view by this key has a shape that no array's contents decide."""
    return isinstance(key, n.Slice) or (
        isinstance(key, n.Const)
        and (key.value is None or isinstance(key.value, int | EllipsisType))
    )


def _is_shape(callee: Any) -> bool:
    try:
        return callee in _SHAPE_FUNCTIONS
    except TypeError:
        return False


def target_reads(target: n.Expr) -> frozenset[str]:
    """The variables whose value storing into a target reads: the keys, not the array."""
    match target:
        case n.Index():
            return value_reads(target.key) | target_reads(target.base)
        case n.Field():
            return target_reads(target.base)
        case n.Tuple():
            return frozenset().union(*(target_reads(item) for item in target.items))
    return frozenset()


def target_shape_reads(target: n.Expr) -> frozenset[str]:
    """The variables whose shape the keys of a target read, as `A[len(xs) - 1] = y` does."""
    match target:
        case n.Index():
            return shape_reads(target.key) | target_shape_reads(target.base)
        case n.Field():
            return target_shape_reads(target.base)
        case n.Tuple():
            return frozenset().union(*(target_shape_reads(item) for item in target.items))
    return frozenset()


def stores_into(target: n.Expr) -> frozenset[str]:
    """The variables whose contents a store into the target changes."""
    match target:
        case n.Tuple():
            return frozenset().union(*(stores_into(item) for item in target.items))
        case n.Index() | n.Field():
            base: n.Expr = target
            while isinstance(base, n.Index | n.Field):
                base = base.base
            return frozenset((base.name,)) if isinstance(base, n.Var) else frozenset()
    return frozenset()


def mentions(s: n.Stmt) -> frozenset[str]:
    """Every variable that the statement itself reads in any way, blocks excluded.

    A store reads its array: what is not overwritten stays. An assignment's own name is not read.
    """
    out: set[str] = set()
    for e in expressions(s):
        out |= value_reads(e) | shape_reads(e)
    match s:
        case n.Assign() | n.For():
            value = s.value if isinstance(s, n.Assign) else s.iter
            out = set(value_reads(value) | shape_reads(value))
            out |= target_reads(s.target) | target_shape_reads(s.target) | stores_into(s.target)
        case n.Open():
            out = {name for e, _ in s.items for name in value_reads(e) | shape_reads(e)}
        case n.Opaque():
            out |= set(s.reads)
        case n.Restore():
            place = s.slot.place
            out = set(target_reads(place) | target_shape_reads(place) | stores_into(place))
    return frozenset(out)
