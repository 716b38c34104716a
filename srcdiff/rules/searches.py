"""Where values lie: positions, counts and the indices that pick them. Their derivative is zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import (
    Array,
    Dim,
    Dims,
    Kind,
    Known,
    TupleOf,
    dims_of,
    dtype_of,
    is_float,
)
from srcdiff.rules.operands import (
    array_kind,
    array_parts,
    fresh_dims,
    require_values,
    shape_dims,
)
from srcdiff.rules.registry import NoRule, Pull, Rule, rule

_INT = np.dtype(np.intp)


@rule(np.nonzero)
def nonzero(a: Kind, at: str = "") -> Rule:
    _, dims = array_parts(a)
    if not dims:
        raise NoRule("np.nonzero takes arrays", "test the number with if")
    return Rule(kind=TupleOf((Array(_INT, fresh_dims(1, at)),) * len(dims)))


@rule(np.flatnonzero)
def flatnonzero(a: Kind, at: str = "") -> Rule:
    array_parts(a)
    return Rule(kind=Array(_INT, fresh_dims(1, at)))


@rule(np.argwhere)
def argwhere(a: Kind, at: str = "") -> Rule:
    _, dims = array_parts(a)
    return Rule(kind=Array(_INT, (*fresh_dims(1, at), len(dims))))


@rule(np.searchsorted)
def searchsorted(a: Kind, v: Kind, side: Any = "left") -> Rule:
    _, dims = array_parts(v)
    return Rule(kind=array_kind(_INT, dims))


@rule(np.digitize)
def digitize(x: Kind, bins: Kind, right: Any = False) -> Rule:
    _, dims = array_parts(x)
    return Rule(kind=array_kind(_INT, dims))


# --- indices ------------------------------------------------------------------------------------


@rule(np.ix_)
def ix(*args: Kind, at: str = "") -> Rule:
    """An open mesh: the i-th array has its length along the i-th axis, and 1 along the others."""
    out = []
    for i, kind in enumerate(args):
        length = _length(kind, f"{at}.{i}")
        dims: Dims = tuple(length if i == j else 1 for j in range(len(args)))
        out.append(Array(_INT, dims))
    return Rule(kind=TupleOf(tuple(out)))


def _length(kind: Kind, name: str) -> int | Dim:
    """The number of positions that an operand of `np.ix_` stands for."""
    items = kind.items if isinstance(kind, TupleOf) else (kind,)
    if any((dtype := dtype_of(item)) is None or dtype.kind not in "iub" for item in items):
        raise NoRule("an operand holds no integers", "np.array(...) makes an array of it")
    if any(dtype_of(item) == np.dtype(bool) for item in items):
        return Dim(name)
    if isinstance(kind, TupleOf):
        return len(items)
    dims = dims_of(kind)
    if dims is None or len(dims) != 1:
        raise NoRule("an operand is not one-dimensional")
    return dims[0]


@rule(np.triu_indices, np.tril_indices)
def triangle_indices(n: Kind, k: Kind | None = None, m: Kind | None = None, at: str = "") -> Rule:
    require_values(n)
    return Rule(kind=TupleOf((Array(_INT, fresh_dims(1, at)),) * 2))


@rule(np.triu_indices_from, np.tril_indices_from)
def triangle_indices_from(arr: Kind, k: Kind | None = None, at: str = "") -> Rule:
    array_parts(arr)
    return Rule(kind=TupleOf((Array(_INT, fresh_dims(1, at)),) * 2))


@rule(np.diag_indices)
def diag_indices(n: Kind, ndim: Any = 2, at: str = "") -> Rule:
    return Rule(kind=TupleOf((Array(_INT, shape_dims(n, at)),) * ndim))


@rule(np.diag_indices_from)
def diag_indices_from(arr: Kind) -> Rule:
    _, dims = array_parts(arr)
    return Rule(kind=TupleOf((Array(_INT, dims[:1]),) * len(dims)))


@rule(np.unravel_index)
def unravel_index(indices: Kind, shape: Kind) -> Rule:
    _, dims = array_parts(indices)
    count = len(shape.items) if isinstance(shape, TupleOf) else 1
    return Rule(kind=TupleOf((array_kind(_INT, dims),) * count))


# --- counts -------------------------------------------------------------------------------------


@rule(np.bincount)
def bincount(
    x: Kind, weights: Kind | None = None, minlength: Kind | None = None, at: str = ""
) -> Rule:
    """With weights, the sum of those that have each index."""
    array_parts(x)
    dims = fresh_dims(1, at)
    if weights is None or weights == Known(None):
        return Rule(kind=Array(_INT, dims))
    array_parts(weights)
    pulls = {"weights": Pull(lambda x, d: d[x])} if is_float(weights) else {}
    return Rule(kind=Array(np.dtype(float), dims), pulls=pulls, linear=tuple(pulls))
