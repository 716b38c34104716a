"""Comprehensions and generator expressions: summed, made arrays of, kept as lists, nested."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


def squared(v, k=1.0):
    return v * v * k


@program(args=lambda rng: (rng.uniform(0.3, 1.2, 4),), analytic=True)
def sums_of_generators(x):
    a = sum(w * w * 2.0 for w in x)
    b = sum(x[i] * i for i in range(len(x)))
    c = sum([v * a for v in x], b)
    return a * b + c + sum(a * v * w for v in x for w in x[1:])


@program(args=lambda rng: (rng.uniform(0.3, 1.2, 4),), seeds=3)
def sums_with_tests(x):
    i = 2.0
    s = sum(x[i] * j for i in range(4) for j in range(3) if i <= j if x[i] > 0.5)
    return s * i + sum(v for v in x if v > 10.0)


@program(args=lambda rng: (rng.uniform(0.3, 1.2), (0.5, 2.0, 1.5)), analytic=True)
def sums_of_python_numbers(x, weights):
    s = sum(w * x**2 for w in weights)
    t = sum(x * k for k in range(3)) + sum(x * v for v in (x, 2.0, s))
    return s * t + sum(weights) * x


@program(args=lambda rng: (rng.uniform(0.3, 1.2, 4), 5), analytic=True)
def arrays_of_lists(x, n):
    z = np.array([v**2 for v in x])
    y = np.array([x[0] * i + x[1] for i in range(n)])
    w = np.array([x[i] * x[i - 1] for i in range(1, len(x))])
    m = np.mean([v * v * i for i, v in enumerate(x)])
    return np.sum(z * z) * np.sum([i * 3 for i in x]) + np.sum(y) * m + w @ w


@program(args=lambda rng: (rng.uniform(0.3, 1.2, (3, 2)),))
def arrays_of_more_dimensions(A):
    B = np.array([row * row[0] for row in A])
    C = np.array([[A[i, j] ** 2 for j in range(2)] for i in range(3)])
    D = np.array([np.sum(row) for row in A])
    return np.sum(B * C) * np.sum(D * D) + sum(np.sum(row) * row[0] for row in A)


@program(args=lambda rng: (rng.uniform(0.3, 1.2, 4),), seeds=3, dual=False)
def lists_of_active_values(x):
    parts = [squared(v, 2.0) for v in x if v > 0.5]
    s = 0.0
    for p in parts:
        s = s * p + p
    return s * len(parts)


@program(args=lambda rng: (rng.uniform(0.3, 1.2, 4),), dual=False)
def lists_of_lists_items(x):
    parts = [squared(v, 2.0) for v in x]
    halves = [0.5 * p * p for p in parts]
    return np.sum(np.array(halves)) + sum(halves)


@program(args=lambda rng: (rng.uniform(0.3, 1.2), 0.7), argnums=(0, 1), dual=False)
def few_values_written_out(a, b):
    a2, b2 = [squared(v) for v in (a, b)]
    s = sum(v * w for v, w in ((a, b), (b, 2.0)))
    return a2 * b2 * s + max(v * a for v in (a, b)) + min([v * b for v in (a, 0.1)])


@program(args=lambda rng: (rng.uniform(0.3, 1.2, 3), (1.0, 2.0, 3.0)), analytic=True)
def generators_in_loops(x, ts):
    total = 0.0
    for t, y in zip(ts, x):
        total += sum(y * k for k in range(3)) * t
        for i in range(2):
            total = total * 0.5 + sum(x[i] * y for i in range(3)) * i
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 4, ["p", "qr"]), analytic=True)
def passive_comprehensions(x, n, names):
    ws = [i * 0.5 for i in range(n)]
    lengths = np.array([len(name) for name in names])
    s = x
    for w in ws:
        s = s * x + w
    return s * np.sum(lengths) * sum(i * i for i in range(n)) + len([v for v in ws if v > 0.6])


@program(args=lambda rng: (rng.uniform(0.3, 1.2, 5),), seeds=3)
def generator_in_tests(x):
    s = x[0]
    while sum(v for v in x) * s < 20.0:
        s = s * 1.7
    if sum(v * v for v in x) > 2.5:
        s = s * x[1]
    elif any(v > 1.1 for v in x):
        s = s * x[2]
    return s * s
