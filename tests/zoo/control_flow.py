"""Branches and loops that depend on data: the examples that every reader knows, and their kin."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.standard_normal(3),))
def d2l_control_flow(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c.sum()


@program(args=lambda rng: (float(rng.standard_normal()),), seeds=3)
def d2l_scalar(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if b > 0:
        c = b
    else:
        c = 100 * b
    return c


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 7), 3))
def react(A, steps):
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A[i] = A[i] * (1.0 - 0.1 * A[i]) + 0.05 * (A[i - 1] + A[i + 1])
    return np.sum(A**2)


@program(args=lambda rng: (rng.standard_normal(7), 3), analytic=True)
def diffuse(A, steps):
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A[i] = 0.5 * (A[i - 1] + A[i + 1])
    return np.sum(A**2)


@program(args=lambda rng: (rng.uniform(1.0, 4.0),), analytic=False)
def newton_converged(a):
    x = a / 3.0
    r = x**3 + x - a
    while abs(r) > 1e-12:
        x -= r / (3.0 * x**2 + 1.0)
        r = x**3 + x - a
    return x


@program(args=lambda rng: (rng.uniform(1.0, 4.0), 2), analytic=True)
def newton_unconverged(a, steps):
    x = a / 3.0
    r = x**3 + x - a
    for k in range(steps):
        x -= r / (3.0 * x**2 + 1.0)
        r = x**3 + x - a
    return x + 0.1 * r


@program(args=lambda rng: (rng.uniform(20.0, 30.0),))
def newton_stopped_early(a):
    x = a / 3.0
    k = 0
    while abs(x * x - a) > 1e-13 and k < 2:
        x = 0.5 * (x + a / x)
        k += 1
    return x


@program(args=lambda rng: (rng.uniform(0.3, 0.9), 5), analytic=True)
def iterate(x, n):
    y = x
    for t in range(n):
        y = np.sin(y) + x * y
    return y


@program(args=lambda rng: (rng.standard_normal(6),), seeds=4)
def data_dependent_if(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] > 0.0:
            s += x[i] ** 2
        elif x[i] > -0.7:
            s -= 3.0 * x[i]
        else:
            s *= x[i]
    return s


@program(args=lambda rng: (rng.standard_normal(6),), seeds=4)
def test_on_carried_value(x):
    s = 0.1
    for i in range(len(x)):
        if s > 0.5:
            s = s * 0.5 + x[i]
        else:
            s = s + x[i] * x[i]
    return s


@program(args=lambda rng: (rng.uniform(0.1, 0.9), rng.uniform(3.0, 3.9)), argnums=(0, 1))
def branch_overwrites_its_test(x, r):
    for k in range(6):
        if x > 0.5:
            x = r * x * (1.0 - x)
        else:
            x = x + 0.1 * r
    return x


@program(args=lambda rng: (rng.uniform(3.0, 9.0), rng.uniform(0.1, 0.4)), argnums=(0, 1))
def while_halving(x, a):
    total = 0.0
    while x > 0.1:
        x = 0.5 * x - 0.01 * a
        total += x * x * a
    return total


@program(args=lambda rng: (rng.uniform(1.0, 2.0),))
def while_in_while(x):
    y = x
    total = 0.0
    while y < 30.0:
        y = y * 1.7 + 0.1 * x
        z = y
        while z > 1.0:
            z = z / (1.0 + x)
            total += z
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), seeds=3)
def while_inside_for(x):
    total = 0.0
    for i in range(len(x)):
        z = x[i]
        while z < 3.0:
            z = z * (1.0 + x[i])
        total += math.log(z) * z
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4), rng.uniform(0.5, 1.5)), argnums=(0, 1))
def for_inside_while(x, c):
    s = 0.0
    k = 0
    while s < 20.0:
        for i in range(len(x)):
            s += x[i] * c + 0.01 * s * x[i]
        k += 1
    return s / k


@program(args=lambda rng: (rng.uniform(0.1, 0.4, (3, 4)), rng.uniform(0.5, 1.0)), argnums=(0, 1))
def four_levels(A, x):
    for i in range(len(A)):
        for j in range(len(A[0])):
            k = 0
            while k < 2:
                k += 1
                if A[i, j] > 0.2:
                    for m in range(j):
                        x = np.sin(x) + A[i, m] * x
                else:
                    x = x * (1.0 + A[i, j])
    return x


@program(args=lambda rng: (rng.standard_normal(), rng.standard_normal()), argnums=(0, 1), seeds=4)
def assigned_in_one_branch(x, y):
    if x > 0.0:
        z = x * y
    s = y * y
    if x > 0.0:
        s += z * x
    return s


@program(args=lambda rng: (rng.standard_normal(5),), seeds=2)
def assigned_on_first_trip(x):
    s = 0.0
    for i in range(len(x)):
        if i == 0:
            scale = 1.0 + x[i] * x[i]
        s += scale * x[i]
    return s


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def used_on_later_trips(x):
    s = 0.0
    for i in range(len(x)):
        if i > 0:
            s += prev * x[i]
        prev = x[i]
    return s


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def local_to_the_body(x):
    s = 0.0
    for i in range(len(x)):
        t = x[i] * x[i]
        u = np.sin(t)
        s += t * u
    return s


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def local_read_after_the_loop(x):
    s = 0.0
    for i in range(len(x)):
        t = x[i] * x[i] + s
        s += t
    return t * s


@program(args=lambda rng: (rng.uniform(0.2, 1.5), 0.7), argnums=(0, 1), seeds=3)
def dead_code_around(x, y):
    unused = x * y
    z = x * x
    if x > 100.0:
        unused = z
    w = z + y
    w = z * 3.0
    return w + 0.0 * unused


@program(args=lambda rng: (rng.standard_normal(4), rng.standard_normal(4)), argnums=0, seeds=2)
def inner_product_below(x, y):
    total = 0.0
    for i in range(len(x)):
        for j in range(i):
            if y[j] > y[i]:
                total += x[i] * x[j]
            else:
                total -= x[i] ** 2 * x[j]
    return total
