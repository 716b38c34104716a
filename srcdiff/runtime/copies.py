"""Copies of arrays that share memory as the arrays do."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def copied_together(*values: Any) -> tuple[Any, ...]:
    """Copies of arrays, and of lists of arrays; what is a view of the same memory stays one.

    Example:
        >>> a = np.zeros(3)
        >>> b, (c,) = copied_together(a, [a[1:]])
        >>> b[2] = 5.0
        >>> float(a[2]), c
        (0.0, array([0., 5.]))
    """
    made: dict[int, Array] = {}
    return tuple(_copied(value, made) for value in values)


def strided_copy(array: Array) -> Array:
    """A copy that lies in memory as the array does, gaps and all.

    So `reshape` and its like give a view of the copy where they give one of the array.

    Example:
        >>> a = np.zeros((4, 4))[:, :2]
        >>> strided_copy(a).strides == a.strides
        True
    """
    low, high = np.lib.array_utils.byte_bounds(array)
    memory = np.empty(high - low, dtype=np.uint8)
    offset = array.__array_interface__["data"][0] - low
    copy: Array = np.ndarray(array.shape, array.dtype, memory, offset, array.strides)
    copy[...] = array
    copy.flags.writeable = array.flags.writeable
    return copy


def _copied(value: Any, made: dict[int, Array]) -> Any:
    if isinstance(value, np.ndarray):
        return _view(value, made)
    if isinstance(value, list | tuple):
        return type(value)(_copied(item, made) for item in value)
    return value


def _view(array: Array, made: dict[int, Array]) -> Array:
    """The array's part of the copy of its memory."""
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if not owner.flags.forc:
        return array.copy()
    memory = made.get(id(owner))
    if memory is None:
        memory = made[id(owner)] = owner.copy(order="A").ravel(order="K")
    offset = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    return np.ndarray(array.shape, array.dtype, memory, offset, array.strides)
