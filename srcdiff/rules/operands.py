"""What rule functions ask of their operands: real numbers or arrays, axes, dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from srcdiff.ir.kinds import (
    INT,
    Array,
    Dim,
    Dims,
    Kind,
    Known,
    ListOf,
    Number,
    Scalar,
    TupleOf,
    Unknown,
    dims_of,
    dtype_of,
    is_complex,
    is_float,
)
from srcdiff.rules.registry import NoRule


def require_values(*kinds: Kind) -> None:
    """Raises NoRule unless every operand is a number or an array (or not known at all)."""
    for kind in kinds:
        dtype = dtype_of(kind)
        if dtype is None and not isinstance(kind, Unknown):
            raise NoRule(f"an operand is {_what(kind)}", "np.array(...) makes an array of it")
        if dtype is not None and dtype.kind not in "biufc":
            raise NoRule(f"values of type {dtype} are not differentiated")


def array_parts(kind: Kind) -> tuple[np.dtype[Any], Dims]:
    """The dtype and dimensions of a number or array; raises NoRule for anything else."""
    require_values(kind)
    dtype, dims = dtype_of(kind), dims_of(kind)
    if dtype is None or dims is None:
        raise NoRule("the operand's type and shape are not known here")
    return dtype, dims


def keep_imaginary(operand: Kind, result: Kind) -> None:
    """Raises NoRule where a complex operand becomes a real result."""
    items = operand.items if isinstance(operand, TupleOf) else (operand,)
    for item in items:
        if isinstance(item, TupleOf):
            keep_imaginary(item, result)
        elif is_complex(item) and not is_complex(result):
            raise NoRule("the imaginary part would be lost", "take the real part with .real")


def _what(kind: Kind) -> str:
    if isinstance(kind, Known):
        return repr(kind.value)
    if isinstance(kind, TupleOf | ListOf):
        return "a list" if isinstance(kind, ListOf) else "a sequence"
    return f"no number or array: {kind}"


def array_kind(dtype: Any, dims: Dims) -> Kind:
    """What a NumPy function returns that gives numbers in place of 0-d arrays."""
    return Array(np.dtype(dtype), dims) if dims else Scalar(np.dtype(dtype))


def normalize_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes meant by an `axis` argument, non-negative and in order; None means all."""
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    for i in axes:
        if not isinstance(i, int | np.integer) or not -ndim <= i < ndim:
            raise NoRule(f"axis {i!r} of a value with {ndim} dimensions")
    return tuple(sorted(int(i) % ndim for i in axes))


def reduce_dims(dims: Dims, axes: Sequence[int], keepdims: bool) -> Dims:
    """The dimensions left after reducing these axes."""
    if keepdims:
        return tuple(1 if i in axes else dim for i, dim in enumerate(dims))
    return tuple(dim for i, dim in enumerate(dims) if i not in axes)


def shape_dims(shape: Kind, at: str) -> Dims:
    """The dimensions that a shape argument (an int, or a tuple of ints) asks for.

    A negative entry (-1: whatever is left) and an unknown one become fresh names after `at`.
    An entry of a tuple is an int or the primal raises, whatever is known of it: `n**k` of ints is
    a float where `k` is negative.
    """
    if isinstance(shape, TupleOf):
        items = [item if dtype_of(item) is not None else INT for item in shape.items]
        items = [INT if is_float(item) else item for item in items]
    else:
        items = [shape]
    return tuple(_size(item, f"{at}.{i}") for i, item in enumerate(items))


def int_value(kind: Kind | None, value: Any = None) -> int | Dim | None:
    """An int's value where it is known: that of a literal, or the size it was computed from."""
    if type(value) is int:
        return value
    return kind.size if isinstance(kind, Number) and kind.type is int else None


def _size(kind: Kind, name: str) -> int | Dim:
    if isinstance(kind, Number) and kind.type in (int, bool):
        size = kind.size
        return Dim(name) if size is None or (isinstance(size, int) and size < 0) else size
    if isinstance(kind, Scalar) and kind.dtype.kind in "iu":
        return Dim(name)
    raise NoRule("the number of dimensions is not known here", "write the shape as a tuple of ints")


def dims_kind(dims: Dims) -> TupleOf:
    """The kind of the shape of a value of these dimensions."""
    return TupleOf(tuple(Number(int, size=dim) for dim in dims))


def fresh_dims(count: int, at: str) -> Dims:
    """Unknown dimensions, named after the place in the program."""
    return tuple(Dim(f"{at}.{i}") for i in range(count))
