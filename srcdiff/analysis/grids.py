"""Grids written with slices: `np.mgrid[0:m, 0:n]` and `np.ogrid[0:m, 0:n]`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir import nodes as n
from srcdiff.ir.kinds import Array, Dim, Kind, Number, Scalar, TupleOf, dtype_of

Infer = Callable[[n.Expr], Kind]


def is_grid(e: n.Expr) -> bool:
    """Whether the expression is an index of NumPy's that makes arrays of what it is given."""
    makers: tuple[Any, ...] = (np.mgrid, np.ogrid)
    return isinstance(e, n.Index) and isinstance(e.base, n.Ref) and e.base.value in makers


def grid_kind(e: n.Index, infer: Infer, at: str) -> Kind | None:
    """The kind of a grid; None where it is not made of slices."""
    keys = e.key.items if isinstance(e.key, n.Tuple) else (e.key,)
    slices = [key for key in keys if isinstance(key, n.Slice)]
    if len(slices) < len(keys):
        return None
    parts = [part for s in slices for part in (s.lower, s.upper, s.step) if part is not None]
    kinds = [infer(part) for part in parts]
    if not all(isinstance(kind, Number | Scalar) for kind in kinds):
        return None
    dims = tuple(_size(s, infer, f"{at}.{i}") for i, s in enumerate(slices))
    dtypes = [dtype_of(kind) for kind in kinds]
    whole = all(dtype is not None and dtype.kind in "iu" for dtype in dtypes)
    dtype = np.dtype(np.intp if whole else float)
    if not isinstance(e.key, n.Tuple):
        return Array(dtype, dims)
    assert isinstance(e.base, n.Ref)
    if e.base.value is np.mgrid:
        return Array(dtype, (len(dims), *dims))
    ones = [tuple(dim if i == j else 1 for j in range(len(dims))) for i, dim in enumerate(dims)]
    return TupleOf(tuple(Array(dtype, own) for own in ones))


def _size(s: n.Slice, infer: Infer, name: str) -> int | Dim:
    """The number of points along one axis: that of `0:n`, or a name for it."""
    if isinstance(s.step, n.Const) and type(s.step.value) is complex:
        return int(abs(s.step.value))
    from_zero = s.lower is None or s.lower == n.Const(0)
    kind = None if s.upper is None else infer(s.upper)
    if from_zero and s.step is None and isinstance(kind, Number) and kind.type is int:
        if isinstance(kind.size, Dim) or (kind.size is not None and kind.size >= 0):
            return kind.size
    return Dim(name)
