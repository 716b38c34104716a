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


def product_of_others_along(
    a: Any, *directions: Any, axis: int | tuple[int, ...] | None = None
) -> Any:
    """The derivative of `product_of_others` at `a` along each of the directions in turn.

    The directions are arrays of the shape of `a`. It is symmetric: `sum(d *
    product_of_others_along(a, t))` is the same with `d` and `t` swapped, so it serves the reverse
    sweep too.

    Example:
        >>> product_of_others_along(np.array([2.0, 0.0, 5.0]), np.array([1.0, 0.0, 0.0]))
        array([0., 5., 0.])
    """
    (rows, *along), back = _rows(axis, a, *directions)
    left = _running(rows, along)
    right = _running(rows[..., ::-1], [t[..., ::-1] for t in along])
    # A subset of the directions, as bits, goes to the left factor and the others to the right.
    last = len(left) - 1
    return back(sum(left[k] * right[last - k][..., ::-1] for k in range(len(left))))


def _running(rows: Any, along: list[Any]) -> list[Any]:
    """For each entry the product of those before it in its row, and its derivatives.

    The result has one for each subset of the directions, which the bits of its index tell.
    """
    subsets = range(2 ** len(along))
    out = [np.zeros_like(rows) for _ in subsets]
    out[0][...] = 1.0
    for k in range(1, rows.shape[-1]):
        for s in subsets:
            out[s][..., k] = out[s][..., k - 1] * rows[..., k - 1]
            for i, t in enumerate(along):
                if s >> i & 1:
                    out[s][..., k] += out[s ^ (1 << i)][..., k - 1] * t[..., k - 1]
    return out


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
