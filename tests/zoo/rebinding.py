"""Names bound anew from parts of their own old value."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def parts_of_itself(y):
    y = y[1:] - y[:-1] * y[1:]
    y = y * y[0]
    return np.sum(y**2)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5), 3), analytic=True)
def shrinking(y, n):
    for _ in range(n):
        y = y[1:] + y[:-1] ** 2
    return y.sum()


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4), 3), analytic=True)
def scaled_by_its_first(y, n):
    for _ in range(n):
        y = np.sin(y[0]) * y
    return y.sum()


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, 3)),
    argnums=(0, 1),
    analytic=True,
)
def two_from_parts_of_both(y, z):
    y, z = z[0] * y, y[1] * z
    y, z = z[0] * y, y[1] * z
    return y.sum() * z[0]


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3),), analytic=True)
def array_to_number(y):
    y = y[0] * y[1]
    return y * y


def by_first(v):
    return v * v[0]


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def called_with_its_part(y):
    y = by_first(y[1:])
    y = by_first(y)
    return y.sum()


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4), 0.7), argnums=(0, 1), analytic=True)
def displayed(y, c):
    y = np.array([c, y[3], y[0] * c]) - y[1:]
    return np.sum(y * y)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), analytic=True)
def taken_apart(y):
    a, b, c, d = y
    a, b = b * c, a * d
    y[0] = a
    return y[0] * b + y[3]
