"""Linear algebra that differences of single entries don't tell: symmetric, singular matrices."""

from __future__ import annotations

import numpy as np
import pytest

from srcdiff import grad
from srcdiff.rules.registry import lookup
from srcdiff.runtime import cofactors, cofactors_along
from tests.oracles import assert_close, finite_differences
from tests.rules.harness import READINGS, apply, bind, contribution, row

random = np.random.default_rng(12)


def symmetric(n: int) -> np.ndarray:
    a = random.uniform(-1.0, 1.0, (n, n))
    return a @ a.T + n * np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 4])
def test_cholesky(n: int) -> None:
    """Along symmetric directions; the adjoint is symmetric."""
    a, t, d = symmetric(n), symmetric(n), np.tril(random.uniform(-1.0, 1.0, (n, n)))
    h = 1e-6
    factor = np.linalg.cholesky
    slope = (factor(a + h * t) - factor(a - h * t)) / (2 * h)
    for reading in READINGS:
        rule, operands = bind(row(factor, a), reading, (a,))
        y = factor(a)
        tangent = rule.pushes["a"](y, t)
        np.testing.assert_allclose(tangent, slope, atol=1e-8)
        pulled = contribution(rule, "a", operands, y, d)
        np.testing.assert_allclose(pulled, pulled.T, atol=1e-14)
        np.testing.assert_allclose(np.sum(pulled * t), np.sum(d * slope), rtol=1e-7)
        # Only the lower triangle of the factor is not constant.
        upper = contribution(rule, "a", operands, y, d + np.triu(np.ones((n, n)), 1))
        np.testing.assert_allclose(upper, pulled, atol=1e-14)
        assert apply(rule.seed, {"y": y}, d).shape == (n, n)


SINGULAR = [
    np.array([[1.0, 2.0, 0.5], [2.0, 4.0, 1.0], [0.3, -1.0, 0.7]]),
    np.outer([1.0, 2.0, -0.5], [0.3, 0.7, 1.1]),
    np.zeros((3, 3)),
    np.zeros((1, 1)),
    np.zeros((2, 2)),
    np.diag([1.0, 0.0, 0.0, 3.0]),
]


@pytest.mark.parametrize("a", SINGULAR)
def test_determinants_of_singular_matrices(a: np.ndarray) -> None:
    n = len(a)
    for i in range(n):
        for j in range(n):
            minor = np.delete(np.delete(a, i, 0), j, 1)
            want = (-1) ** (i + j) * (np.linalg.det(minor) if n > 1 else 1.0)
            assert cofactors(a)[i, j] == pytest.approx(want, abs=1e-12)
    t, h = random.uniform(-1.0, 1.0, a.shape), 1e-5
    slope = (cofactors(a + h * t) - cofactors(a - h * t)) / (2 * h)
    np.testing.assert_allclose(cofactors_along(a, t), slope, atol=1e-8)
    stack = np.stack([a, 2.0 * a])
    np.testing.assert_allclose(cofactors(stack)[1], cofactors(2.0 * a), atol=1e-12)
    along = cofactors_along(stack, np.stack([t, t]))
    np.testing.assert_allclose(along[0], cofactors_along(a, t), atol=1e-12)


def volume(a):
    return np.linalg.det(a) * a[0, 0]


@pytest.mark.parametrize("a", SINGULAR)
def test_gradient_at_singular_matrices(a: np.ndarray) -> None:
    assert_close(grad(volume)(a), finite_differences(volume, (a,)), rtol=1e-6, atol=1e-6)


def test_empty_matrices() -> None:
    assert cofactors(np.zeros((0, 0))).shape == (0, 0)
    assert cofactors_along(np.zeros((2, 0, 0)), np.zeros((2, 0, 0))).shape == (2, 0, 0)


def test_third_derivatives_of_determinants_are_refused() -> None:
    assert lookup(cofactors_along) is None
