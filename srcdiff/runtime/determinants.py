"""Derivatives of determinants that hold for singular matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from srcdiff.runtime.products import product_of_others


def cofactors(a: Any) -> Any:
    """The matrix of cofactors, `det(a) * inv(a).T` where that exists, of a matrix or a stack.

    Args:
        a: array whose last two axes are those of square matrices.

    Returns:
        A new array of the shape of `a`.

    Example:
        >>> cofactors(np.array([[1.0, 2.0], [2.0, 4.0]])).round(12)
        array([[ 4., -2.],
               [-2.,  1.]])
    """
    u, s, v, sign = _factors(a)
    return (u * (sign * product_of_others(s, -1))[..., None, :]) @ v


def cofactors_along(a: Any, t: Any) -> Any:
    """The derivative of `cofactors` at `a` in the direction `t`, an array of its shape.

    It is symmetric: `sum(d * cofactors_along(a, t))` is the same with `d` and `t` swapped, so it
    serves the reverse sweep too. With `a = u @ diag(s) @ v` it is that of `diag(s)` in the
    direction `u.T @ t @ v.T`, turned back: there the derivatives are products of all singular
    values but two.
    """
    u, s, v, sign = _factors(a)
    inner = np.swapaxes(u, -1, -2) @ t @ np.swapaxes(v, -1, -2)
    others = sign[..., None] * _products_but_two(s)
    diagonal = np.einsum("...ij,...jj->...i", others, inner)
    turned = -others * np.swapaxes(inner, -1, -2)
    size = s.shape[-1]
    turned[..., np.arange(size), np.arange(size)] = diagonal
    return u @ turned @ v


def _factors(a: Any) -> tuple[Any, Any, Any, Any]:
    """The singular value decomposition, and the sign of the product of its rotations."""
    u, s, v = np.linalg.svd(a)
    sign = np.linalg.det(u) * np.linalg.det(v)
    return u, s, v, np.sign(sign)[..., None]


def _products_but_two(s: Any) -> Any:
    """For each pair of different entries the product of all others; zero on the diagonal."""
    size = s.shape[-1]
    out = np.zeros((*s.shape, size), s.dtype)
    for i in range(size):
        others = np.delete(s, i, axis=-1)
        out[..., i, :i] = product_of_others(others, -1)[..., :i]
        out[..., i, i + 1 :] = product_of_others(others, -1)[..., i:]
    return out
