"""Loop headers: ranges of every kind, loops over arrays, loop variables put to other uses."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.standard_normal(7),), analytic=True)
def descending_range(x):
    s = 0.0
    for i in range(len(x) - 1, -1, -2):
        s = s * 0.5 + x[i] * x[i]
    return s


@program(args=lambda rng: (rng.standard_normal(7), 1, 6, 3), analytic=True)
def range_with_passed_bounds(x, start, stop, step):
    s = 1.0
    for i in range(start, stop, step):
        s = s * x[i] + i
    return s


@program(args=lambda rng: (rng.uniform(1.0, 2.0), 0), analytic=True)
def zero_trips(x, n):
    y = x
    for i in range(n):
        y = y * y
    for i in range(5, 2):
        y = y + i
    for i in range(-3):
        y = np.sin(y)
    return y * x


@program(args=lambda rng: (rng.uniform(1.0, 2.0),))
def while_zero_trips(x):
    y = x
    while y < 0.0:
        y = y * y
    return y * x


@program(args=lambda rng: (rng.standard_normal(6),), seeds=2)
def variable_reassigned_in_body(x):
    s = 0.0
    for i in range(len(x)):
        i = (i * 2) % len(x)
        s += x[i] * s + x[i]
    return s * (i + 1)


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def variable_read_after_loop(x):
    s = 0.0
    for i in range(len(x) - 1):
        s += x[i] * x[i]
    return s * x[i] * i


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def variable_reused_by_second_loop(x):
    s = 0.0
    for i in range(2):
        s += x[i] * x[i]
    s = s * x[i]
    for i in range(2, len(x)):
        s = s * x[i] + x[i - 1]
    return s * x[i]


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def variable_reused_by_nested_loop(x):
    s = 1.0
    for i in range(len(x)):
        s = s * x[i]
        for i in range(2):
            s = s + x[i] * x[i]
        s = s * (0.5 + x[i])
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.0, 8), 3), analytic=True)
def bound_changed_in_body(x, n):
    s = 0.0
    for i in range(n):
        n = n + 2
        s += x[i] * n * s + x[i]
    return s * n


@program(args=lambda rng: (rng.uniform(0.5, 1.0), 3), analytic=True)
def bound_from_outer_variable(x, n):
    s = x
    for i in range(n):
        m = i + 1
        for j in range(m):
            m = 7
            s = s * x + j
    return s


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def over_elements(x):
    s = 0.0
    p = 1.0
    for v in x:
        s += v * v
        p = p * (v + s)
    return p


@program(args=lambda rng: (rng.standard_normal((3, 4)), rng.standard_normal(4)), argnums=(0, 1))
def over_rows(A, w):
    s = 0.0
    for row in A:
        h = row * w
        if np.sum(h) > 0.0:
            s += np.sum(h * row)
        else:
            s = s * 0.5 + row[0]
    return s


@program(args=lambda rng: (rng.standard_normal((3, 4)),), analytic=True)
def over_rows_and_elements(A):
    s = 0.0
    for row in A:
        for v in row:
            s = np.sin(s) + v * v
    return s


@program(args=lambda rng: (rng.standard_normal((2, 3, 2)),), analytic=True)
def over_matrices(T):
    s = np.zeros((3, 2))
    for M in T:
        s = s * M + np.sin(M)
    return np.sum(s * s)


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def over_computed_array(x):
    s = 1.0
    for v in np.sin(x) * 2.0:
        s = s * v + v
    return s


@program(args=lambda rng: (rng.standard_normal(6),), analytic=True)
def over_slice(x):
    s = 1.0
    for v in x[1:5:2]:
        s = s * v + v * v
    return s + v


@program(args=lambda rng: (rng.uniform(0.5, 1.0, 4),), analytic=True)
def element_variable_overwritten(x):
    s = 0.0
    for v in x:
        v = v * v
        s += v
        v += s
        s = s * v
    return s


@program(args=lambda rng: (rng.standard_normal(),), analytic=True)
def float_counter(x):
    s = 0.0
    t = 0.0
    for i in range(6):
        s += x**i * t
        t += 0.25
    return s


@program(args=lambda rng: (rng.standard_normal(4), 4), analytic=True)
def loops_one_after_another(x, n):
    a = 1.0
    for i in range(n):
        a = a * x[i]
    b = a
    for i in range(n):
        b = b + a * x[i] * b
    for j in range(n):
        a = a + b * x[j]
    return a * b


@program(args=lambda rng: (rng.uniform(0.8, 1.2),), analytic=True)
def loop_of_everything_overwritten(x):
    y = x
    z = x * x
    w = 0.5
    for i in range(4):
        w = y * z
        y = z + w
        z = w * 0.3
    return w * y + z


@program(args=lambda rng: (rng.uniform(0.8, 1.2, 3),), seeds=1, analytic=True)
def many_trips(x):
    s = 0.0
    for i in range(300):
        s = 0.9 * s + x[i % 3] * np.cos(s)
    return s
