"""Reductions over all and over some axes, as functions and as methods."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


def _matrix(rng):
    return (rng.uniform(0.5, 1.5, (3, 4)),)


@program(args=_matrix, analytic=True)
def sums(A):
    a = np.sum(A, axis=0) * A.sum(axis=1, keepdims=True)
    b = np.sum(A, axis=-1) * np.sum(A)
    return np.sum(a * A) + b.sum()


@program(args=_matrix, analytic=True)
def means(A):
    a = np.mean(A, axis=0) * A.mean(axis=1, keepdims=True)
    b = np.mean(A, axis=-1) * A.mean()
    return np.sum(a * A) + b.mean()


@program(args=_matrix, analytic=True)
def prods(A):
    a = np.prod(A, axis=0) * A.prod(axis=1, keepdims=True)
    return np.sum(a * A) + np.prod(A)


@program(args=_matrix, seeds=2)
def extrema(A):
    a = np.max(A, axis=0) * A.min(axis=1, keepdims=True)
    b = np.min(A, axis=-1) * np.max(A)
    return np.sum(a * A) + b.max() - A.min()


@program(args=lambda rng: (rng.standard_normal((2, 3, 4)),), analytic=True)
def several_axes(T):
    a = np.sum(T, axis=(0, 2))
    b = np.mean(T, axis=(1, 2), keepdims=True)
    return np.sum(a**2) + np.sum(b * T * T)


@program(args=_matrix)
def norms_by_axis(A):
    return np.sum(np.linalg.norm(A, axis=1) * np.linalg.norm(A))


@program(args=_matrix, analytic=True)
def variance_by_hand(A):
    centred = A - np.mean(A, axis=0)
    return np.sum(np.mean(centred**2, axis=0) ** 2)


@program(args=lambda rng: (rng.standard_normal(5),), seeds=3)
def sum_tested(x):
    while np.sum(x * x) > 1.0:
        x = x * 0.7 + 0.01 * np.max(x)
    if np.mean(x) > 0.0:
        return np.sum(x)
    return np.prod(x) + np.min(x)


@program(
    args=lambda rng: (np.array([1.0, 3.0, 2.0, 3.0]),),
    seeds=1,
    expected=lambda x: np.array([0.0, 3.0, 0.0, 3.0]),
)
def max_with_ties(x):
    return np.max(x) ** 2


@program(
    args=lambda rng: (np.array([[1.0, 1.0, 2.0], [0.0, 5.0, 0.0]]),),
    seeds=1,
    expected=lambda A: np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 1.0]]),
)
def min_with_ties_by_row(A):
    low = np.min(A, axis=1)
    return low[0] + 2.0 * low[1]


@program(
    args=lambda rng: (np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 0.0])),
    argnums=(0, 1),
    seeds=1,
    expected=lambda x, y: (np.array([0.5, 0.0, 1.0]), np.array([0.5, 1.0, 0.0])),
)
def maximum_with_ties(x, y):
    return np.sum(np.maximum(x, y))


@program(
    args=lambda rng: (np.array([-1.0, 0.0, 2.0]),),
    seeds=1,
    expected=lambda x: np.array([-1.0, 0.0, 1.0]),
)
def abs_at_zero(x):
    return np.sum(np.abs(x))


@program(args=lambda rng: (0.0,), seeds=1, expected=lambda x: 2.0)
def scalar_abs_at_zero(x):
    return abs(x) + np.abs(x) + 2.0 * x


@program(args=lambda rng: (np.zeros(3),), seeds=1, expected=lambda x: np.ones(3))
def norm_at_zero(x):
    return np.linalg.norm(x) + np.sum(x)


@program(args=lambda rng: (np.array([2.0, 0.0, 3.0]),), seeds=1, differences=True, dual=True)
def prod_with_one_zero(x):
    return np.prod(x)


@program(args=lambda rng: (np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 1.0], [1.0, 2.0, 3.0]]),), seeds=1)
def prod_with_zeros_by_row(A):
    p = np.prod(A, axis=1)
    return p[0] * 2.0 + p[1] + p[2] ** 2 + np.prod(A[2])


@program(args=lambda rng: (0.0, 2.0), argnums=(0, 1), seeds=1, expected=lambda x, y: (0.0, 0.0))
def power_at_zero(x, n):
    return x**n


@program(
    args=lambda rng: (np.array([0.0, 1.0, -2.0]),),
    seeds=1,
    expected=lambda x: 2.0 * x + 3.0 * x**2 + 1.0,
)
def integer_powers_at_zero(x):
    return np.sum(x**2 + x**3 + x**1 + x**0)
