"""Kinds of elementwise results, found by running the function on samples of its operands.

NumPy's promotion has many cases (weak Python numbers, 0-d arrays that become scalars, integers
that become floats); asking NumPy is exact where a table of ours would drift.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from srcdiff.ir.kinds import (
    UNKNOWN,
    Array,
    Kind,
    Known,
    Number,
    Scalar,
    broadcast_dims,
    dims_of,
)


def sample(kind: Kind) -> Any:
    """A value of this kind, for which common functions are defined: one, of size one."""
    if isinstance(kind, Number):
        return kind.type(1)
    if isinstance(kind, Scalar):
        return kind.dtype.type(1)
    if isinstance(kind, Array):
        return np.ones((1,) * kind.ndim, kind.dtype)
    if isinstance(kind, Known) and type(kind.value) is bool:
        return kind.value
    raise TypeError(f"no sample of {kind}")


def elementwise_kind(function: Callable[..., Any], *operands: Kind) -> Kind:
    """The kind of `function(*operands)` for a function that works element by element."""
    try:
        samples = [sample(kind) for kind in operands]
    except TypeError:
        return UNKNOWN
    try:
        with np.errstate(all="ignore"):
            result = function(*samples)
    except (TypeError, ValueError, ArithmeticError):  # the primal will say what is wrong
        return UNKNOWN
    if isinstance(result, np.ndarray):
        return Array(result.dtype, broadcast_dims(*(dims_of(kind) or () for kind in operands)))
    if isinstance(result, np.generic):
        return Scalar(result.dtype)
    return Number(type(result))
