"""Products of all but one."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def product_of_others(a: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """For each entry the product of the others along `axis`: right also where entries are zero.

    Args:
        a: array.
        axis: an axis or several; None for all.

    Returns:
        A new array of the shape of `a`.

    Example:
        >>> product_of_others(np.array([2.0, 0.0, 5.0]))
        array([ 0., 10.,  0.])
    """
    (rows,), back = _rows(axis, a)
    others = np.ones_like(rows)
    others[..., 1:] = np.cumprod(rows[..., :-1], axis=-1)
    others[..., :-1] *= np.cumprod(rows[..., :0:-1], axis=-1)[..., ::-1]
    return back(others)


def product_of_others_along(a: Any, t: Any, axis: int | tuple[int, ...] | None = None) -> Any:
    """The derivative of `product_of_others` at `a` in the direction `t`, an array of its shape.

    It is symmetric: `sum(d * product_of_others_along(a, t))` is the same with `d` and `t` swapped,
    so it serves the reverse sweep too.
    """
    (rows, along), back = _rows(axis, a, t)
    left, left_t = _running(rows, along)
    right, right_t = _running(rows[..., ::-1], along[..., ::-1])
    return back(left_t * right[..., ::-1] + left * right_t[..., ::-1])


def _running(rows: Any, along: Any) -> tuple[Any, Any]:
    """For each entry the product of those before it in its row, and its tangent."""
    product, tangent = np.ones_like(rows), np.zeros_like(rows)
    for k in range(1, rows.shape[-1]):
        product[..., k] = product[..., k - 1] * rows[..., k - 1]
        tangent[..., k] = (
            tangent[..., k - 1] * rows[..., k - 1] + product[..., k - 1] * along[..., k - 1]
        )
    return product, tangent


def _rows(axis: int | tuple[int, ...] | None, *arrays: Any) -> tuple[list[Any], Any]:
    """The arrays with the given axes merged into the last one, and the way back."""
    ndim = arrays[0].ndim
    axes = tuple(range(ndim)) if axis is None else np.atleast_1d(axis)
    ends = tuple(range(-len(axes), 0))
    moved = [np.moveaxis(a, axes, ends) for a in arrays]
    shape = moved[0].shape
    outer = shape[: ndim - len(axes)]
    rows = [a.reshape(*outer, math.prod(shape[len(outer) :])) for a in moved]
    return rows, lambda result: np.moveaxis(result.reshape(shape), ends, axes)
