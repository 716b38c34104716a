"""Running sums, and differences of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Dim, Kind
from srcdiff.rules.operands import array_parts, normalize_axes
from srcdiff.rules.registry import NoRule, Pull, Rule, rule
from srcdiff.rules.shaping import flat_dims
from srcdiff.rules.spelled import spelled


@rule(np.cumsum)
def cumsum(a: Kind, axis: Any = None) -> Rule:
    """Backwards, the sum runs from the end."""
    dtype, dims = array_parts(a)
    dtype = np.cumsum(np.ones(1, dtype)).dtype
    if not dims:
        pull = Pull(lambda d: np.sum(d), scalar=lambda d: d)
        return Rule(kind=Array(dtype, (1,)), pulls={"a": pull}, linear=("a",))
    if axis is None or len(dims) == 1:
        kind = Array(dtype, flat_dims(dims))
        shape = "" if len(dims) == 1 else ".reshape(a.shape)"
        pull = Pull(spelled(f"lambda a, d: np.cumsum(d[::-1])[::-1]{shape}"))
        return Rule(kind=kind, pulls={"a": pull}, linear=("a",))
    (i,) = normalize_axes(axis, len(dims))
    key = ":, " * i + "::-1"
    pull = Pull(spelled(f"lambda d: np.cumsum(d[{key}], axis={i})[{key}]"))
    return Rule(kind=Array(dtype, dims), pulls={"a": pull}, linear=("a",))


@rule(np.diff)
def diff(a: Kind, n: Any = 1, axis: Any = -1) -> Rule:
    dtype, dims = array_parts(a)
    if not dims:
        raise NoRule("a number has no neighbours")
    (i,) = normalize_axes(axis, len(dims))
    dim = dims[i]
    less = (
        Dim(dim.name, dim.minus + n, terms=dim.terms) if isinstance(dim, Dim) else max(dim - n, 0)
    )
    if n and dtype.kind == "b":
        raise NoRule("differences of booleans are not differentiated")
    kind = Array(dtype, (*dims[:i], less, *dims[i + 1 :]))
    given = "" if n == 1 else f", {n}"
    along = "" if i == len(dims) - 1 else f", axis={i}"
    pull = Pull(spelled(f"lambda a, d: undo_diff(d, a.shape{given}{along})"))
    return Rule(kind=kind, pulls={"a": pull}, shares=() if n else ("a",), linear=("a",))
