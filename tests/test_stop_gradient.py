"""`stop_gradient`: the value passes, the derivative does not."""

from __future__ import annotations

import numpy as np

import srcdiff
from srcdiff import grad, stop_gradient, value_and_grad


def test_a_stopped_factor_is_a_constant():
    def f(x):
        return stop_gradient(x) * x

    value, gradient = value_and_grad(f)(3.0)
    assert (value, gradient) == (9.0, 3.0)


def test_a_stopped_array_is_a_constant():
    def f(x):
        shifted = x - stop_gradient(np.max(x))
        return np.log(np.sum(np.exp(shifted))) + srcdiff.stop_gradient(np.max(x))

    x = np.array([1.0, 3.0, 2.0])
    weights = np.exp(x - 3.0)
    np.testing.assert_allclose(grad(f)(x), weights / np.sum(weights))


def test_all_stopped_gives_zeros_of_the_argument():
    x = np.ones((2, 3), np.float32)
    gradient = grad(lambda x: np.sum(stop_gradient(x)))(x)
    assert gradient.dtype == np.float32
    assert gradient.shape == (2, 3)
    assert not gradient.any()


def test_the_value_passes_untouched():
    x = [1, "a"]
    assert stop_gradient(x) is x
