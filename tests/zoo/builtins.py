"""Python's own functions of several values, and functions that give pairs."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.registry import program


def _vector(rng):
    return (rng.permutation([0.55, 1.45, -0.3, 2.2]),)


@program(args=_vector, seeds=4)
def largest_of_several(x):
    a = max(x[0], x[1], x[3]) ** 2 + min(x[0], 0.0, x[2], 1.2) ** 2
    b = max((x[0], x[1] * x[2], 0.1)) * min([x[1], x[2]])
    return a + b + max(x) * min(x) ** 2


@program(args=_vector)
def largest_of_a_tuple(x):
    sides = x[0] ** 2, x[1] ** 2, x[2] ** 2
    return max(sides) / sum(sides)


@program(args=_vector, analytic=True)
def sums_of_displays(x):
    a = sum((x[0], x[1] * x[2])) ** 2 + sum([x[0], 3, x[1]], 1.0)
    b = sum([x, x * x, np.sin(x)]) * sum((x, x[0]), x[1] ** 2)
    return a + np.sum(b)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def powers_by_name(a):
    return pow(a, 3) + pow(a, a) * pow(3, 2, 5) + pow(exp=0.5, base=a)


@program(args=_vector, dual=False)
def quotients(x):
    q, r = divmod(x[3], 0.7)
    pair = divmod(x[0] * 5.0, x[1])
    return q * x[1] + r * r + pair[0] * pair[1] + divmod(x[2], 0.4)[1] ** 2


@program(args=_vector, dual=False)
def quotients_of_arrays(x):
    q, r = np.divmod(x[:, None], np.array([0.41, 0.73]))
    f, w = np.modf(x * x)
    return np.sum(q * x[:, None] + r * r) + np.sum(f * w * x)


@program(args=lambda rng: (rng.uniform(1.1, 1.9),), dual=False)
def table_look_up(x):
    table = np.array([0.5, 1.5, 0.7, 2.1])
    i = int(x)
    f, w = math.modf(x * 3.0)
    return (1.0 - (x - i)) * table[i] + (x - i) * table[i + 1] + f * f + round(x) * w * x


@program(args=_vector, dual=False)
def sorted_values(x):
    y = np.sort(x * np.cos(x))
    return np.sum(y * np.arange(4.0)) + y[0] * y[-1]


@program(args=_vector)
def clipped_by_arrays(x):
    a = np.clip(x, 0.1 * x[::-1], x**2)
    b = np.clip(x, min=0.0, max=1.7) + x.clip(min=0.1) * x.clip(max=1.0)
    return np.sum(a**2) + np.sum(np.clip(x, a_min=None, a_max=1.2) * b)


@program(args=_vector, dual=False)
def counted_by_place(x):
    i = np.digitize(x, np.array([0.0, 1.0, 2.0]))
    h, edges = np.histogram(x, bins=4, range=(-1.0, 3.0))
    sums = np.bincount(i, weights=x * x, minlength=4)
    j = np.searchsorted(edges, x)
    return np.sum(sums * h * edges[:4]) + np.sum(x * j) * np.count_nonzero(x > 1.0)


@program(args=_vector, seeds=4)
def sorted_lists(x):
    small, large = sorted((x[0] * x[1], x[2]))
    ys = sorted(x, reverse=True) + sorted([x[3], 0.4])
    total = small * large**2
    for i, y in enumerate(sorted(x)):
        total += i * y * y
    return total + ys[0] * ys[4] + ys[5] * sorted([3, 1, 2])[0]
