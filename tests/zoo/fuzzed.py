"""Programs on which the fuzzer found reverse mode to be wrong, made small."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 2), seeds=1)
def overwritten_twice_in_loop(x, n):
    y = x
    for _ in range(n):
        y = 1.0
        y = 2.0
    return y * x


@program(args=lambda rng: (rng.uniform(-1.0, 1.0), rng.uniform(0.5, 1.5)), argnums=(0, 1), seeds=4)
def overwritten_twice_in_branch(x, y):
    if x > 0.0:
        y = 1.0
        y = 3.0
    return x * y


def doubled(v):
    return 2.0 * v


@program(args=lambda rng: (rng.uniform(-1.0, 1.0), rng.standard_normal(3)), argnums=(0, 1), seeds=4)
def overwritten_by_calls_in_branch(x, y):
    if x > 0.0:
        y = np.zeros(3)
        y = doubled(np.ones(3))
    return x * np.sum(y * y)


@program(args=lambda rng: (rng.uniform(-1.0, 1.0), rng.uniform(0.5, 1.5)), argnums=(0, 1), seeds=4)
def pair_overwritten_in_branch(x, y):
    z = x * x
    if x > 0.0:
        y, z = 1.0, 2.0
        y, z = z, y
    return y * z + x


@program(args=lambda rng: (rng.standard_normal((3, 2)), rng.standard_normal(2)), argnums=(0, 1))
def array_rebound_while_iterated(A, x):
    total = 0.0
    for row in A:
        A = np.sum(A, axis=0, keepdims=True)
        total += np.sum(row * x) ** 2
    return total + np.sum(A)


@program(args=lambda rng: (rng.uniform(0.5, 1.0), rng.standard_normal(3)), argnums=0)
def passive_array_rebound_while_iterated(x, y):
    for v in y:
        y = 2.0 * y
        x = np.sin(x) * v + x
    return x


@program(args=lambda rng: (rng.standard_normal(3), 2.0), argnums=(0, 1), seeds=1)
def array_rebound_to_number(y, a):
    y = 1.0
    return y * a


@program(args=lambda rng: (rng.standard_normal(3), int(rng.integers(1, 5))), seeds=6)
def array_bound_where_the_same_test_holds(x, n):
    total = x[0]
    if n > 2:
        y = x * x
    total = np.sin(total)
    if n > 2:
        total = total + np.sum(y)
    return total


@program(args=lambda rng: (rng.standard_normal(3), int(rng.integers(1, 5))), seeds=6)
def array_bound_before_early_return(x, n):
    if n > 2:
        y = x * x
        if y[0] < 0.5:
            return np.sum(y)
    return np.sum(x) * x[0]


@program(args=lambda rng: (rng.standard_normal(3), int(rng.integers(0, 2))), seeds=4)
def alias_written_before_raise(A, n):
    y = A
    try:
        y *= 2.0
        if n > 0:
            raise KeyError("out of range")
        y *= 3.0
    except KeyError:
        A[0] = A[1] * A[0]
    return np.sum(A * A)


class Gauge:
    def __init__(self, level):
        self.level = level

    def advance(self, factor):
        try:
            self.level = self.level * factor
            if self.level > 1.0:
                raise ValueError("too high")
            self.level = self.level * factor
        except ValueError:
            self.level = self.level + 1.0
        except KeyError:
            self.level = 0.0


@program(args=lambda rng: (rng.uniform(0.3, 2.0), rng.uniform(0.5, 1.5)), argnums=(0, 1), seeds=6)
def method_that_handles_what_it_raises(x, p):
    gauge = Gauge(x)
    gauge.advance(p)
    gauge.advance(p)
    return gauge.level


@program(args=lambda rng: (rng.standard_normal(), int(rng.integers(0, 2))), seeds=4)
def lookup_tried_beside_dict(x, n):
    weights = {"k": 1.0}
    try:
        m = [2, 3][2 * n]
    except IndexError:
        m = 5
    weights["rate"] = m * x
    return weights["rate"] * x


@program(args=lambda rng: (rng.standard_normal(3), rng.standard_normal(3)), argnums=(0, 1), seeds=1)
def argument_rebound_to_another_and_written(A, y):
    y = A
    y[0] -= 1.0
    return np.mean(A * A)


@program(args=lambda rng: (rng.standard_normal(), rng.standard_normal(3)), argnums=(0, 1))
def pair_that_overwrites_what_it_reads(a, x):
    b, a = np.min(x * a), 1.0
    return a * b


@program(args=lambda rng: (2, rng.standard_normal(3)), argnums=1)
def pair_that_overwrites_an_int(k, x):
    b, k = np.max(np.sin(x * k)), 3
    return k * b


@program(args=lambda rng: (rng.standard_normal(4), rng.standard_normal((3, 4))), argnums=(0, 1))
def largest_spread_over_rows(y, A):
    for row in A[1:]:
        row[:] = np.max(y)
    return np.sum(A * A)


@program(args=lambda rng: (rng.standard_normal(4), 1), seeds=2)
def items_of_loop_read_before_it(x, n):
    fields = {"u": 1.0, "x": x}
    fields.update(k=4)
    z = fields["x"]
    for v in (1.0, 2, np.sum(fields["x"][::2] * z[1::2])):
        x[n % len(x)] *= np.prod(0.7 + 0.3 * np.sin(z * v))
    return np.sum(x)


@program(args=lambda rng: (rng.standard_normal((3, 4)), rng.standard_normal(4)), argnums=(0, 1))
def inserted_before_arrays_with_names(A, x):
    rows = [x, A[2]]
    x[2] *= rows[-1] @ A[2]
    y = A[2]
    A[1] -= x
    rows.insert(0, A.T @ (A @ y))
    return np.mean(A) + np.sum(x)
