"""Loops over containers: enumerate, zip, reversed, tuples, lists, rows, nested in each other."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program

TAPS = (0.5, -0.2, 0.1)


def vectors(rng, *sizes):
    return tuple(rng.uniform(0.3, 1.2, size) for size in sizes)


@program(args=lambda rng: vectors(rng, 4), analytic=True)
def over_enumerate(x):
    s = 0.0
    for i, v in enumerate(x):
        s = s * v + i * v * v
    return s * i * v


@program(args=lambda rng: vectors(rng, 4), analytic=True)
def over_enumerate_from(x):
    s = 1.0
    for k, v in enumerate(x, start=2):
        s += v**k * s
    for k, v in enumerate(x[1:], -1):
        s += v * s * k
    return s


@program(args=lambda rng: vectors(rng, 3, 5), argnums=(0, 1), analytic=True)
def over_zip_of_unequal_lengths(x, y):
    s = 0.5
    for a, b in zip(x, y):
        s = s * a + b * b
    for a, b in zip(y, x):
        s = s * a + b * b
    return s * a * b


@program(args=lambda rng: (*vectors(rng, 3, 3), (2, 3, 4)), argnums=(0, 1), analytic=True)
def over_enumerate_of_zip(x, y, powers):
    s = 0.0
    for i, (a, b, p) in enumerate(zip(x, y, powers)):
        s += (i + 1.0) * a**p * b * (s + 1.0)
    return s


@program(args=lambda rng: vectors(rng, 4, 4), argnums=(0, 1), seeds=4)
def over_zip_with_jumps(x, y):
    s = 0.0
    for (i, a), b in zip(enumerate(x), reversed(y)):
        if a > 0.9:
            continue
        s = s * a + b * i
        if s > 1.2:
            break
    else:
        s = s * x[0]
    return s * x[1]


@program(args=lambda rng: vectors(rng, 4), analytic=True)
def over_neighbours(x):
    s = 0.0
    for a, b in zip(x[:-1], x[1:]):
        s += a * b * s + a
    for a, b, c in zip(x, x[1:], x[2:]):
        s += a * b * c
    return s


@program(args=lambda rng: vectors(rng, 4, 4), argnums=(0, 1), analytic=True)
def over_strict_zip(x, y):
    s = 1.0
    for a, b in zip(x, y, strict=True):
        s = s * a + b
    for a, b, c in zip(x[1:], y[1:], TAPS, strict=True):
        s = s * a + b * c
    return s


@program(args=lambda rng: vectors(rng, 4), analytic=True)
def over_reversed(x):
    s = 0.0
    for v in reversed(x):
        s = s * v + v * v
    for i in reversed(range(len(x))):
        s = s * x[i] + i
    for i in reversed(range(1, len(x), 2)):
        s = s * x[i] + i
    for i, v in enumerate(reversed(x)):
        s = s * v + i
    return s


@program(args=lambda rng: vectors(rng, 5), seeds=3)
def over_reversed_range_with_break(x):
    s = 0.0
    for i in reversed(range(len(x))):
        s = s * x[i] + x[i]
        if s > 1.0:
            break
    return s * i


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 0.4), argnums=(0, 1), analytic=True)
def over_active_tuple_display(x, y):
    s = 1.0
    for w in (x, 2.0 * y, x * y, 0.5):
        s = s * w + x
    return s * w


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 0.4), argnums=(0, 1), analytic=True)
def over_active_tuple_variable(x, y):
    pair = (x * y, x + y)
    s = 1.0
    for i, w in enumerate(pair):
        s = s * w + i
    for w in reversed(pair):
        s = s + w * s
    return s


@program(args=lambda rng: (rng.uniform(0.2, 1.5), 0.4), argnums=(0, 1), seeds=6)
def over_active_tuple_with_jumps(x, y):
    s = 0.5
    for k, w in enumerate((x, y, x * x)):
        if w < 0.5:
            s = s * y
            continue
        s = s * w + k
        if s > 1.0:
            break
        s = s + w
    return s * w + k


@program(args=lambda rng: (rng.uniform(0.2, 1.5), 0.4), argnums=(0, 1), seeds=3)
def over_pairs_written_out(x, y):
    s = 0.0
    for (a, b), n in (((x, y), 2), ((y, x * y), 3)):
        s += a**n * b
        for v in (a, b):
            s = s * v
            if s > 10.0:
                return s
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 0.4, rng.uniform(0.3, 1.0, 2)), argnums=(0, 1, 2))
def over_zip_of_tuple_and_array(x, y, v):
    s = 0.5
    for w, c in zip((x, y, x * y), v):
        s = s * w + c
    return s * w * c


@program(args=lambda rng: (rng.uniform(0.5, 1.5), (0.5, 2.0, 1.5), 3), analytic=True)
def over_passive_tuples(x, weights, n):
    s = 0.0
    for w in weights:
        s = s * x + w
    for i, w in enumerate(weights):
        s = s * x + w * i
    for i, w in zip(range(n), TAPS):
        s += w * x**i * s
    for w, name in zip((0.25, 0.5), ("a", "b")):
        if name == "a":
            s = s * w
        s = s * x
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.5), [0.5, 2.0, 1.5], ["p", "q"]), analytic=True)
def over_passive_lists(x, weights, names):
    s = 0.0
    for w in weights:
        s = s * x + w
    for w, v in zip(weights, weights[1:]):
        s = s * x + w * v
    for i, name in enumerate(names):
        s = s * x * (i + len(name))
    lengths = 0
    for k, name in enumerate(names):
        lengths += k * len(name)
    return s * lengths * k


@program(args=lambda rng: (rng.uniform(0.5, 1.5), [(1.0, 2), (0.5, 1)]), analytic=True)
def over_list_of_pairs(x, terms):
    s = 0.0
    for c, n in terms:
        s += c * x**n * (s + 1.0)
    for k, (c, n) in enumerate(terms):
        s += c * x**n * s * k
    return s


@program(args=lambda rng: (rng.uniform(0.3, 1.0, (4, 2)),), analytic=True)
def over_rows_unpacked(A):
    s = 0.5
    for a, b in A:
        s = s * a + b
    for i, (a, b) in enumerate(A):
        s = s * a + b * i
    return s * a


@program(args=lambda rng: (rng.uniform(0.3, 1.0, (3, 4)), rng.uniform(0.3, 1.0, 4)), argnums=(0, 1))
def over_rows_and_vector(A, x):
    s = 0.0
    for row, v in zip(A, x):
        s += np.sum(row * x) * v * (s + 1.0)
    for row in A:
        for a, v in zip(row, x):
            s += a * v * s
    return s


@program(args=lambda rng: (rng.uniform(0.3, 1.0, 4), 5), analytic=True)
def over_range_variable(x, n):
    steps = range(1, n)
    s = 0.0
    for k, i in enumerate(steps):
        s = s * x[i - 1] + x[k] * i
    for i in steps:
        s = s * x[i % 4]
    return s


@program(args=lambda rng: vectors(rng, 4), analytic=True)
def items_rebound_in_body(x):
    s = 0.0
    for i, v in enumerate(x):
        i = i * 2
        v = v * v + i
        s = s * v + i
        x = x * 1.1
    return s * v + i


@program(args=lambda rng: vectors(rng, 4))
def elements_stored_while_iterated(x):
    s = 0.0
    for i, v in enumerate(x):
        x[i] = v * v
        if i > 0:
            s = s * x[i - 1] + v
    return s + np.sum(x)


@program(args=lambda rng: (*vectors(rng, 3), rng.uniform(0.5, 1.0, 0)), analytic=True)
def zip_with_nothing(x, empty):
    s = x[0]
    for a, b in zip(x, empty):
        s = s * a * b
    for i, b in enumerate(empty):
        s = s * b + i
    return s * s


def weighted(values, weights):
    total = 0.0
    for v, w in zip(values, weights):
        total += w * v * v
    return total


def horner(x, coefficients):
    s = 0.0
    for c in reversed(coefficients):
        s = s * x + c
    return s


@program(args=lambda rng: (*vectors(rng, 3), rng.uniform(0.5, 1.0)), argnums=(0, 1), analytic=True)
def iterating_callees(x, t):
    return weighted(x, TAPS) * horner(t, x) + weighted(x, x) * horner(t, (1.0, 0.5))
