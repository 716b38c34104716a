"""Triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Kind
from srcdiff.rules.operands import array_parts, shape_dims
from srcdiff.rules.registry import NoRule, Pull, Rule, rule


@rule(np.tril)
def tril(m: Kind, k: Any = 0) -> Rule:
    pull = Pull(lambda d: np.tril(d)) if k == 0 else Pull(lambda d: np.tril(d, k))
    return _triangle(m, pull)


@rule(np.triu)
def triu(m: Kind, k: Any = 0) -> Rule:
    pull = Pull(lambda d: np.triu(d)) if k == 0 else Pull(lambda d: np.triu(d, k))
    return _triangle(m, pull)


def _triangle(m: Kind, pull: Pull) -> Rule:
    dtype, dims = array_parts(m)
    if len(dims) < 2:
        raise NoRule("the operand is no matrix")
    return Rule(kind=Array(dtype, dims), pulls={"m": pull}, linear=("m",))


@rule(np.tri)
def tri(N: Kind, M: Kind | None = None, k: Any = 0, dtype: Any = float, at: str = "") -> Rule:
    rows = shape_dims(N, at)
    columns = rows if M is None else shape_dims(M, f"{at}.columns")
    return Rule(kind=Array(np.dtype(dtype), rows + columns))
