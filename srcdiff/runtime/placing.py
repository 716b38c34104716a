"""Arrays of zeros with entries put in: what undoes taking entries out."""

from __future__ import annotations

from typing import Any

import numpy as np


def scatter(d: Any, indices: Any, shape: tuple[int, ...], axis: int | None = None) -> Any:
    """Zeros of a shape, with `d` added where `np.take(a, indices, axis)` takes it from.

    Args:
        d: number or array, of the shape of what was taken.
        indices: an integer, or an array or sequence of integers.
        shape: the shape of what it was taken from.
        axis: the axis that the indices count along; None for the flattened array.

    Example:
        >>> scatter(np.array([1.0, 2.0, 4.0]), np.array([0, 2, 0]), (3,))
        array([5., 0., 2.])
    """
    out = np.zeros(shape, np.asarray(d).dtype)
    indices = np.asarray(indices, np.intp)
    if axis is None:
        np.add.at(out.reshape(-1), indices, d)
    else:
        np.add.at(out, (slice(None),) * (axis % len(shape)) + (indices,), d)
    return out


def diagonal_array(
    d: Any, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1
) -> Any:
    """Zeros of a shape, with `d` where `np.diagonal(a, offset, axis1, axis2)` takes it from.

    Example:
        >>> diagonal_array(np.array([1.0, 2.0]), (2, 3), 1)
        array([[0., 1., 0.],
               [0., 0., 2.]])
    """
    out = np.zeros(shape, np.asarray(d).dtype)
    diagonal = np.diagonal(out, offset, axis1, axis2)
    diagonal.flags.writeable = True  # it is a view of our own zeros
    diagonal[...] = d
    return out


def undo_diff(d: Any, shape: tuple[int, ...], n: int = 1, axis: int = -1) -> Any:
    """The adjoint of `np.diff(a, n, axis)` for an array of this shape: `d` is that of the result.

    Each entry of `d` is added where the difference's second operand stood, and subtracted where
    its first one did.

    Example:
        >>> undo_diff(np.array([1.0, 10.0]), (3,))
        array([-1., -9., 10.])
    """
    length = shape[axis]
    d = np.moveaxis(d, axis, -1)
    for k in reversed(range(n)):
        out = np.zeros((*d.shape[:-1], max(length - k, 0)), d.dtype)
        out[..., 1:] += d
        out[..., :-1] -= d
        d = out
    return np.moveaxis(d, -1, axis)
