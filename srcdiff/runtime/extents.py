"""Counting entries."""

from __future__ import annotations

import math
from typing import Any


def extent(a: Any, axis: int | tuple[int, ...]) -> int:
    """The number of entries of `a` along one axis or several: what a mean divides by.

    Example:
        >>> import numpy as np
        >>> extent(np.ones((2, 3, 4)), (0, 2))
        8
    """
    axes = axis if isinstance(axis, tuple) else (axis,)
    return math.prod(a.shape[i] for i in axes)
