"""Sorting: the derivative follows the permutation that was made."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.ir.kinds import Array, Kind
from srcdiff.rules.operands import array_parts
from srcdiff.rules.registry import NoRule, Pull, Rule, rule


@rule(np.sort)
def sort(a: Kind, axis: Any = -1) -> Rule:
    dtype, dims = array_parts(a)
    if len(dims) != 1 or axis not in (-1, 0):
        raise NoRule("np.sort is differentiated for vectors", "sort the rows in a loop")
    return Rule(
        kind=Array(dtype, dims),
        pulls={"a": Pull(lambda a, d: d[np.argsort(np.argsort(a))])},
        pushes={"a": lambda a, t: t[np.argsort(a)]},
    )
