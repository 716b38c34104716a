"""What comes beside a gradient is what the function returns, whatever the reverse sweep undoes."""

from __future__ import annotations

from typing import Any

import numpy as np

import srcdiff

X = np.array([0.5, 1.5, 0.9, 1.1])


def filled(x: Any) -> Any:
    y = x * 1.0
    y[0] = np.sin(x[1])
    y[1:] *= y[0] * x[1:]
    return y


def with_array(x: Any) -> Any:
    y = x * 1.0
    y[0] = np.sin(x[1])
    y[1:] *= y[0] * x[1:]
    return np.sum(y**2), y


def with_called(x: Any) -> Any:
    y = filled(x)
    return np.sum(y**2), (y, {"part": y[1:]})


def two_results(x: Any) -> Any:
    return filled(x), filled(2.0 * x)


def test_aux_is_not_undone() -> None:
    (value, aux), _ = srcdiff.value_and_grad(with_array, has_aux=True)(X)
    assert value == with_array(X)[0]
    assert np.array_equal(aux, filled(X))
    _, (alone, parts) = srcdiff.grad(with_called, has_aux=True)(X)
    assert np.array_equal(alone, filled(X)) and np.array_equal(parts["part"], filled(X)[1:])


def test_results_of_a_pullback_are_not_undone() -> None:
    (a, b), pullback = srcdiff.vjp(two_results, X)
    first = pullback((np.ones(4), np.ones(4)))
    assert np.array_equal(a, filled(X)) and np.array_equal(b, filled(2.0 * X))
    assert np.array_equal(first[0], pullback((np.ones(4), np.ones(4)))[0])
