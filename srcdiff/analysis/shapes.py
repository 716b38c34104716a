"""Dimensions of what indexing gives."""

from __future__ import annotations

from collections.abc import Callable

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import (
    UNKNOWN,
    Array,
    Dim,
    Kind,
    Known,
    Number,
    Scalar,
    TupleOf,
    dtype_of,
)
from srcdiff.ir.show import show

Infer = Callable[[n.Expr], Kind]


def index_kind(array: Array, key: n.Expr, infer: Infer, at: str) -> Kind:
    """The kind of `array[key]`: a NumPy scalar where every axis is indexed by an integer."""
    items = key.items if isinstance(key, n.Tuple) else (key,)
    kinds = [infer(item) for item in items]
    if any(k == UNKNOWN for k in kinds):
        return UNKNOWN
    if any(isinstance(k, Array) for k in kinds):
        return _advanced(array, items, kinds, at)
    used = sum(1 for item, k in zip(items, kinds, strict=True) if not _adds_axis(k))
    ellipsis = any(_is_ellipsis(k) for k in kinds)
    used -= ellipsis
    if used > array.ndim:
        return UNKNOWN
    dims: list[int | Dim] = []
    axis = 0
    for item, kind in zip(items, kinds, strict=True):
        if _adds_axis(kind):
            dims.append(1)
        elif _is_ellipsis(kind):
            dims += array.dims[axis : axis + array.ndim - used]
            axis += array.ndim - used
        elif isinstance(item, n.Slice):
            dims.append(slice_dim(array.dims[axis], item, infer, at))
            axis += 1
        elif _is_integer(kind):
            axis += 1
        else:
            return UNKNOWN
    dims += array.dims[axis:]
    if not dims and not ellipsis:
        return Scalar(array.dtype)
    return Array(array.dtype, tuple(dims))


def _adds_axis(kind: Kind) -> bool:
    return isinstance(kind, Known) and kind.value is None


def _is_ellipsis(kind: Kind) -> bool:
    return isinstance(kind, Known) and kind.value is Ellipsis


def _is_integer(kind: Kind) -> bool:
    dtype = dtype_of(kind)
    return dtype is not None and dtype.kind in "iu" and not isinstance(kind, Array)


def _advanced(array: Array, items: tuple[n.Expr, ...], kinds: list[Kind], at: str) -> Kind:
    """One array of integers, or one mask, as the only key; more are of unknown kind."""
    kind = kinds[0]
    if len(kinds) > 1 or not isinstance(kind, Array):
        return UNKNOWN
    if kind.dtype.kind == "b":
        fresh = Dim(f"{at}|mask {show(items[0])}")
        return Array(array.dtype, (fresh, *array.dims[kind.ndim :]))
    if kind.dtype.kind in "iu" and array.ndim:
        return Array(array.dtype, (*kind.dims, *array.dims[1:]))
    return UNKNOWN


def slice_dim(dim: int | Dim, key: n.Slice, infer: Infer, at: str) -> int | Dim:
    """The length of a slice of a dimension."""
    step = 1 if key.step is None else _literal(key.step)
    lower = 0 if key.lower is None else _literal(key.lower)
    upper = None if key.upper is None else _literal(key.upper)
    known_upper = key.upper is None or upper is not None
    if step is not None and lower is not None and known_upper:
        exact = _exact(dim, key, lower, upper, step)
        if exact is not None:
            return exact
    if key.lower is None and step == 1 and key.upper is not None:
        size = infer(key.upper)
        # `x[:len(x)]`; a size that may have come from a subtraction could be negative.
        if (
            isinstance(size, Number)
            and isinstance(size.size, Dim)
            and size.size == dim
            and not size.size.minus
        ):
            return dim
    name = dim if isinstance(dim, int) else f"{dim.name}-{dim.minus}"
    return Dim(f"{at}|{name}[{show(key)}]")


def _exact(
    dim: int | Dim, key: n.Slice, lower: int, upper: int | None, step: int
) -> int | Dim | None:
    if isinstance(dim, int):
        start = None if key.lower is None else lower
        return len(range(*slice(start, upper, step).indices(dim)))
    if key.lower is None and key.upper is None and step in (1, -1):
        return dim
    if step != 1 or lower < 0 or (upper is not None and upper >= 0):
        return None
    cut = lower - (upper or 0)
    return dim if cut == 0 else Dim(dim.name, dim.minus + cut)


def _literal(e: n.Expr) -> int | None:
    return e.value if isinstance(e, n.Const) and type(e.value) is int else None


def shape_kind(kind: Array) -> TupleOf:
    """The kind of an array's shape: a tuple of ints whose sizes are known."""
    return TupleOf(tuple(Number(int, size=dim) for dim in kind.dims))
