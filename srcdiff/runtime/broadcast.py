"""Undoing broadcasting in the reverse sweep."""

from __future__ import annotations

from typing import Any

import numpy as np


def unbroadcast(d: Any, shape: tuple[int, ...]) -> Any:
    """The adjoint `d` of a broadcast result, summed to the shape that one operand had.

    Args:
        d: number or array, of a shape to which `shape` broadcasts.
        shape: the operand's shape.

    Returns:
        An array of the given shape. It may be `d` itself: never write into it.

    Example:
        >>> unbroadcast(np.ones((3, 2)), (2,))
        array([3., 3.])
    """
    if np.shape(d) == shape:
        return d
    axes = tuple(
        i for i in range(-np.ndim(d), 0) if -i > len(shape) or shape[i] == 1 != np.shape(d)[i]
    )
    return np.sum(d, axis=axes, keepdims=True).reshape(shape)
