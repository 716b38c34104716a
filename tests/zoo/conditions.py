"""Tests of every kind: chained, negated, joined, as expressions, on NaN."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program

NAN = float("nan")


@program(args=lambda rng: (rng.uniform(-2.0, 2.0),), seeds=5)
def chained_comparison(x):
    if -1.0 < x <= 0.5:
        return x * x
    if 0.5 < x < 1.5 < 3.0:
        return x**3
    return 2.0 * x


@program(args=lambda rng: (rng.uniform(-2.0, 2.0), rng.uniform(-2.0, 2.0)), argnums=(0, 1), seeds=5)
def boolean_operators(x, y):
    if x > 0.0 and y > 0.0 or x < -1.0:
        z = x * y
    elif not (x > 0.0 or y > 0.5):
        z = x - y * y
    else:
        z = np.sin(x) * y
    return z


@program(args=lambda rng: (rng.uniform(-2.0, 2.0), rng.uniform(-2.0, 2.0)), argnums=(0, 1), seeds=4)
def conditional_expression(x, y):
    z = x * y if x < y else x / (1.0 + y * y)
    return z * (x if y > 0.0 else y if x > 0.0 else 3.0)


@program(args=lambda rng: (rng.uniform(0.5, 2.0, 5),), seeds=2)
def conditional_expression_in_loop(x):
    s = 1.0
    for i in range(len(x)):
        s = s * x[i] if s < 2.0 else s / x[i] + (x[i] if i % 2 == 0 else -x[i])
    return s


@program(args=lambda rng: (rng.uniform(-2.0, 2.0),), seeds=3)
def test_kept_in_a_variable(x):
    positive = x > 0.0
    x = x * x
    if positive:
        return x * 3.0
    return -x


@program(args=lambda rng: (rng.uniform(-2.0, 2.0), rng.uniform(-2.0, 2.0)), argnums=(0, 1), seeds=3)
def test_overwritten_later(x, y):
    big = x > y
    z = x + y if big else x - y
    big = z > 0.0
    if big and x > -9.0:
        z = z * x
    return z * y


@program(args=lambda rng: (rng.uniform(0.5, 2.0), NAN), argnums=0, seeds=2)
def nan_not_less(x, limit):
    if not x < limit:
        return x * x
    return 5.0 * x


@program(args=lambda rng: (rng.uniform(0.5, 2.0), NAN), argnums=0, seeds=2)
def nan_loop(x, limit):
    k = 0
    while not x >= limit and k < 3:
        x = x * x * 0.7
        if not x > limit:
            x += 0.1 * x * x
        k += 1
    return x


@program(args=lambda rng: (rng.uniform(0.5, 2.0), NAN), argnums=0, seeds=2)
def nan_break(x, limit):
    s = 0.0
    for k in range(4):
        s += x**k
        if not s <= limit and k > 1:
            break
        x = x * 1.1
    return s * x


@program(args=lambda rng: (rng.uniform(0.5, 2.0), 2, True, 1.5), argnums=(0, 3), seeds=2)
def passive_tests(x, mode, flag, y):
    if mode == 1:
        z = x
    elif mode == 2 and flag:
        z = x * y
    else:
        z = y
    if not flag:
        z = z * z
    return z * x


@program(args=lambda rng: (rng.standard_normal(6), rng.standard_normal(6)), argnums=(0, 1), seeds=3)
def where_on_arrays(x, y):
    z = np.where(x > y, x * y, x - y)
    return np.sum(z**2)


@program(
    args=lambda rng: (np.array([1.5, -0.5, 0.0, 2.0, -3.0]),),
    seeds=1,
    warns=True,
    expected=lambda x: np.where(x > 0, 0.5 / np.sqrt(np.abs(x) + (x == 0)), 0.0),
)
def where_sqrt(x):
    return np.sum(np.where(x > 0.0, np.sqrt(x), 0.0))


@program(
    args=lambda rng: (np.array([1.5, -0.5, 0.0, 2.0, -3.0]),),
    seeds=1,
    warns=True,
    expected=lambda x: np.where(x > 0, 2.0 / (x + (x == 0)), 0.0),
)
def where_log_by_name(x):
    safe = x > 0.0
    y = np.log(x)
    z = 2.0 * y
    kept = np.where(safe, z, 1.0)
    return np.sum(kept)


@program(
    args=lambda rng: (np.array([1.5, -0.5, 0.0, 2.0]), np.array([0.5, 1.0, 2.0, 0.0])),
    argnums=(0, 1),
    seeds=1,
    warns=True,
    expected=lambda x, y: (
        np.array([2 * 1.5 / 0.25, 2 * -0.5, 0.0, 0.0]),
        np.array([-2 * 1.5**2 / 0.125, -2 * 0.25, 0.0, 0.0]),
    ),
)
def ratio(x, y):
    q = np.where(y != 0.0, x / y, 0.0)
    return np.sum(q**2)


@program(
    args=lambda rng: (np.array([0.5, 0.0, -2.0]),),
    seeds=1,
    warns=True,
    expected=lambda x: np.array([-4.0 + 3.0, 3.0, -0.25 + 3.0]),
)
def where_reciprocal_and_linear(x):
    inverse = 1.0 / x
    return np.sum(np.where(x == 0.0, 0.0, inverse) + 3.0 * x)


@program(
    args=lambda rng: (np.array([0.0, 0.25, 4.0]),),
    seeds=1,
    warns=True,
    expected=lambda x: np.array([0.0, 0.0, 3.0]),
)
def where_sqrt_times(x):
    root = np.sqrt(x)
    return np.sum(np.where(x > 1.0, root * x, 0.0))
