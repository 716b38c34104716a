"""Covariances.

With centred rows X = m - mean(m) of n observations, C = X X' / (n - 1), whose adjoint is
(d + d') X / (n - 1). The mean needs no adjoint: the rows of X sum to zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import UNKNOWN, Array, Kind, Known, not_one
from srcdiff.rules.operands import array_parts
from srcdiff.rules.registry import NoRule, Pull, Rule, rule
from srcdiff.rules.spelled import spelled


@rule(np.cov, spelled={"y": "other"})
def cov(
    m: Kind, other: Kind | None = None, rowvar: Any = True, bias: Any = False, ddof: Any = None
) -> Rule:
    dtype, dims = array_parts(m)
    dtype = np.result_type(dtype, np.float64)
    less = ddof if ddof is not None else 0 if bias else 1
    if other is not None and other != Known(None):
        return _of_two(m, other, dtype, less)
    if len(dims) == 1:
        n = f"(len(m) - {less})" if less else "len(m)"
        pull = Pull(spelled(f"lambda m, d: 2.0 * d * (m - np.mean(m)) / {n}"))
        push = spelled(f"lambda m, t: 2.0 * (m - np.mean(m)) @ t / {n}")
        return Rule(kind=Array(dtype, ()), pulls={"m": pull}, pushes={"m": push})
    if len(dims) != 2:
        raise NoRule("it takes vectors and matrices")
    variables = dims[0] if rowvar else dims[1]
    # Of a single variable, NumPy gives a 0-d array.
    certain = not_one(variables)
    if rowvar:
        n, count = f"(m.shape[1] - {less})" if less else "m.shape[1]", "len(m)"
        centred = "(m - np.mean(m, axis=1, keepdims=True))"
        pushed = f"({centred} @ t.T + t @ {centred}.T) / {n}"
    else:
        n, count = f"(len(m) - {less})" if less else "len(m)", "m.shape[1]"
        centred = "(m - np.mean(m, axis=0))"
        pushed = f"({centred}.T @ t + t.T @ {centred}) / {n}"
    d = "d" if certain else f"np.reshape(d, ({count}, {count}))"
    pulled = f"({d} + {d}.T) @ {centred}" if rowvar else f"{centred} @ ({d} + {d}.T)"
    if not certain:
        pushed = f"np.reshape({pushed}, y.shape)"
    return Rule(
        kind=Array(dtype, (variables, variables)) if certain else UNKNOWN,
        pulls={"m": Pull(spelled(f"lambda m, d: {pulled} / {n}"))},
        pushes={"m": spelled(f"lambda m, {'' if certain else 'y, '}t: {pushed}")},
    )


def _of_two(m: Kind, other: Kind, dtype: np.dtype[Any], less: Any) -> Rule:
    """Two vectors are the two variables."""
    (_, first), (_, second) = array_parts(m), array_parts(other)
    if len(first) != 1 or len(second) != 1:
        raise NoRule("it takes two vectors, or one matrix", "stack the variables first")
    n = f"(len(m) - {less})" if less else "len(m)"
    centred = {name: f"({name} - np.mean({name}))" for name in ("m", "other")}
    pulls, pushes = {}, {}
    for i, (name, rest) in enumerate((("m", "other"), ("other", "m"))):
        j = 1 - i
        pulls[name] = Pull(
            spelled(
                f"lambda m, other, d: (2.0 * d[{i}, {i}] * {centred[name]} + "
                f"(d[0, 1] + d[1, 0]) * {centred[rest]}) / {n}"
            )
        )
        corner = {(i, i): f"2.0 * {centred[name]} @ t", (j, j): "0.0"}
        cross = f"{centred[rest]} @ t"
        rows = [[corner.get((r, c), cross) for c in (0, 1)] for r in (0, 1)]
        shown = ", ".join(f"[{a}, {b}]" for a, b in rows)
        pushes[name] = spelled(f"lambda m, other, t: np.array([{shown}]) / {n}")
    met = ((first[0], second[0]),)
    return Rule(kind=Array(dtype, (2, 2)), pulls=pulls, pushes=pushes, equal=met)
