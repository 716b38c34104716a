"""What statements may say beside the common: else on loops, imports inside, `:=`, chains, stars."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.uniform(0.2, 1.0, 4), 2.0), argnums=(0, 1), seeds=5)
def for_else(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        if s > limit:
            break
    else:
        s = s * x[0] + limit
    return s * x[1]


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def for_else_without_break(x):
    s = 0.0
    for v in x:
        s += v * v
    else:
        s = s * x[0]
    return s


@program(args=lambda rng: (rng.uniform(1.0, 3.0), 5.0), argnums=(0, 1), seeds=5)
def while_else(x, limit):
    y = x
    trips = 0
    while y < limit:
        y = y * 1.3 + 0.1 * x
        trips += 1
        if trips == 3:
            break
    else:
        y = y * y
    return y * x


@program(args=lambda rng: (rng.uniform(0.0, 2.5, (3, 3)),), seeds=6)
def nested_for_else(A):
    s = 1.0
    for i in range(len(A)):
        for j in range(len(A)):
            s = s * 0.5 + A[i, j]
            if s > 2.5:
                break
            if s < 0.1:
                return s * A[0, 0]
        else:
            s = s * s
            continue
        s = s + A[i, i]
        if s > 4.0:
            break
    else:
        return s * A[1, 1]
    return s * A[2, 2]


@program(args=lambda rng: (rng.uniform(0.0, 1.5, 4),), seeds=5)
def else_with_break_of_outer_loop(x):
    s = 0.0
    for i in range(3):
        for j in range(len(x)):
            s += x[j] * (i + 1)
            if s > 2.0:
                break
        else:
            s = s * x[0]
            break
        s -= x[1] * x[2]
    else:
        s = s * s
    return s


@program(args=lambda rng: (rng.uniform(0.2, 1.0, 3),), dual=False)
def imports_inside(x):
    import numpy as xp
    from numpy import sin as sine
    from numpy.linalg import norm

    M = xp.eye(3) * 2.0 + xp.outer(x, x)
    return xp.sum(norm(M) * sine(M))


@program(args=lambda rng: (rng.uniform(0.2, 1.0),), dual=False)
def imports_of_data_and_functions(x):
    from math import exp, pi

    from tests.zoo.calls import scaled
    from tests.zoo.helpers import SHIFT

    if x > 0.0:
        import math

        x = x * math.cos(x)
    return exp(x) * scaled(x * pi, a=SHIFT)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),))
def chained_assignments(x):
    a = b = x * x
    a = a * b
    A = np.zeros(2)
    A[0] = c = A[1] = a * b
    (p, q) = r = a, c
    return A[0] * b + c * A[1] * p + q * r[0]


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), seeds=4)
def walrus_in_tests(x):
    s = 0.0
    if (y := x * x) > 1.0:
        s = y * x
    elif (z := y * y) > 0.3:
        s = z + y
    while (y := y * 1.5 + 0.1 * x) < 8.0:
        s += y * x
        if s > 20.0:
            break
    return (t := s * x) * t + y


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3),), analytic=True)
def global_read(x):
    global SLOPE
    return np.sum(x * x * SLOPE)


SLOPE = 1.7


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5), 3.0), argnums=(0, 1), seeds=3)
def while_else_with_walrus(x, limit):
    s = 0.0
    i = 0
    while (v := s * x[i] + x[i]) < limit:
        s = s + v
        i += 1
        if i == 4:
            break
    else:
        s = s * v
    return s * v
