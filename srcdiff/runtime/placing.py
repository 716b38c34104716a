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


def scatter_along(d: Any, indices: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Zeros of a shape, with `d` added where `np.take_along_axis(a, indices, axis)` takes it from.

    Example:
        >>> scatter_along(np.array([[1.0, 2.0]]), np.array([[2, 2]]), (1, 3), 1)
        array([[0., 0., 3.]])
    """
    out = np.zeros(shape, d.dtype)
    # Of an axis of length 1, the same entry was taken again and again.
    pairs = zip(d.shape, shape, strict=True)
    key = list(np.ix_(*(np.arange(n) % max(size, 1) for n, size in pairs)))
    key[axis] = indices
    np.add.at(out, tuple(key), d)
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


def keep_last(d: Any, key: Any, shape: tuple[int, ...]) -> Any:
    """`d` where an entry is the last that `key` places at its element, and zeros elsewhere.

    `a[key] = v` keeps the last of the values that it stores at one place, and so the adjoint of
    that place is the adjoint of this value alone.

    Args:
        d: an array of the shape of `a[key]`.
        key: a key with arrays of integers.
        shape: the shape of `a`.

    Raises:
        ValueError: entries are repeated, and lie in memory in another order than they are
            counted in. Which of them NumPy stores last is then not known.

    Example:
        >>> keep_last(np.array([5.0, 6.0, 7.0]), np.array([0, 2, 0]), (3,))
        array([0., 6., 7.])
    """
    places = np.zeros(shape, np.intp)
    entries = np.arange(np.size(d)).reshape(np.shape(d))
    places[key] = entries
    last = places[key] == entries
    if not last.all() and not _is_in_order(key):
        raise ValueError(
            "a store through reversed or transposed indices, some of them equal: "
            "store through np.ascontiguousarray(indices)"
        )
    return np.where(last, d, 0)


def _is_in_order(key: Any) -> bool:
    """Whether NumPy takes the entries of a key in the order in which they are counted, or in one
    that has the same last ones.
    """
    indices: list[Any] = []
    for i in key if isinstance(key, tuple) else (key,):
        if isinstance(i, np.ndarray | list | range):
            i = np.asarray(i)
            indices += i.nonzero() if i.dtype == np.bool_ else (i,)
    if not all(map(_rises, indices)):
        return False
    shape = np.broadcast_shapes(*(i.shape for i in indices))
    # One array of full shape decides. So do the arrays of a mesh, each of which has one axis: there
    # the last in any order of the axes is the last along each of them.
    axes = [sum(count > 1 for count in i.shape) for i in indices]
    return max(axes) <= 1 or any(i.shape == shape for i in indices)


def _rises(i: Any) -> bool:
    """Whether the strides of an array are positive and fall from axis to axis."""
    strides = [s for s, count in zip(i.strides, i.shape, strict=True) if count > 1]
    return all(s > 0 for s in strides) and strides == sorted(strides, reverse=True)


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
