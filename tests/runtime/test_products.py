"""Products of all but one, and their derivative."""

from __future__ import annotations

import numpy as np
import pytest

from srcdiff.runtime import extent, product_of_others, product_of_others_along

SHAPES_AND_AXES = [
    ((4,), None), ((4,), 0), ((3, 2), None), ((3, 2), 0), ((3, 2), -1), ((2, 3, 4), (0, 2)),
    ((2, 3, 4), (2, 1)), ((2, 3, 4), 1), ((1,), 0), ((0,), 0), ((3, 0), 1), ((3, 0), 0),
]  # fmt: skip


def others(a, axis):
    """Entry by entry: replace it by one and multiply."""
    axes = tuple(range(a.ndim)) if axis is None else axis
    result = np.ones_like(a)
    for index in np.ndindex(a.shape):
        without = a.copy()
        without[index] = 1.0
        products = np.prod(without, axis=axes, keepdims=True)
        result[index] = np.broadcast_to(products, a.shape)[index]
    return result


@pytest.mark.parametrize(("shape", "axis"), SHAPES_AND_AXES)
@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_product_of_others(shape, axis, zeros) -> None:
    a = np.random.default_rng(2).uniform(-2.0, 2.0, shape)
    a.flat[: min(zeros, a.size)] = 0.0
    np.testing.assert_allclose(product_of_others(a, axis), others(a, axis), rtol=1e-12)


@pytest.mark.parametrize(("shape", "axis"), SHAPES_AND_AXES)
def test_derivative(shape, axis) -> None:
    a, t, d = np.random.default_rng(3).uniform(-2.0, 2.0, (3, *shape))
    a.flat[: min(2, a.size)] = 0.0
    h = 1e-6
    expected = (product_of_others(a + h * t, axis) - product_of_others(a - h * t, axis)) / (2 * h)
    along = product_of_others_along(a, t, axis=axis)
    np.testing.assert_allclose(along, expected, atol=1e-7)
    back = product_of_others_along(a, d, axis=axis)
    np.testing.assert_allclose(np.sum(d * along), np.sum(t * back), atol=1e-12)


@pytest.mark.parametrize(("shape", "axis"), SHAPES_AND_AXES)
def test_second_derivative(shape, axis) -> None:
    a, t, s, d = np.random.default_rng(4).uniform(-2.0, 2.0, (4, *shape))
    a.flat[: min(2, a.size)] = 0.0
    h = 1e-5
    above = product_of_others_along(a + h * s, t, axis=axis)
    below = product_of_others_along(a - h * s, t, axis=axis)
    along = product_of_others_along(a, t, s, axis=axis)
    np.testing.assert_allclose(along, (above - below) / (2 * h), atol=1e-7)
    for swapped, other in ((product_of_others_along(a, d, s, axis=axis), t),
                           (product_of_others_along(a, t, d, axis=axis), s)):  # fmt: skip
        np.testing.assert_allclose(np.sum(d * along), np.sum(swapped * other), atol=1e-10)


def test_argument_is_left_alone() -> None:
    a = np.array([2.0, 3.0, 5.0])
    result = product_of_others(a)
    assert not np.shares_memory(result, a)
    np.testing.assert_array_equal(a, [2.0, 3.0, 5.0])


def test_extent() -> None:
    assert extent(np.ones((2, 3, 4)), 1) == 3
    assert extent(np.ones((2, 3, 4)), (0, -1)) == 8
