"""break, continue and return at every level, and together."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.registry import program


@program(
    args=lambda rng: (rng.uniform(-0.2, 0.9, 6), rng.uniform(2.5, 3.9), 1.0 + rng.uniform()),
    argnums=(0, 1),
    seeds=5,
)
def settle(x, c, cap):
    total = 0.0
    for i in range(len(x)):
        if x[i] <= 0.0:
            continue
        z = x[i]
        for k in range(12):
            z = c * z * (1.0 - z)
            if z < 0.2:
                break
            total += z * z
            if total > cap:
                return total / (i + 1)
    return total


@program(args=lambda rng: (rng.uniform(0.2, 0.6, 8),), seeds=3)
def break_on_total(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        if s > 0.7:
            break
        s = s * 1.1
    return s * s


@program(args=lambda rng: (rng.uniform(0.2, 0.6, 8),), seeds=3)
def break_then_rewrite(x):
    s = 1.0
    for i in range(len(x)):
        s = s * (1.0 + x[i])
        if s > 3.0:
            s = np.log(s)
            break
        s = s + x[i]
    s = s * s
    return s


@program(args=lambda rng: (rng.standard_normal(8),), seeds=3)
def continue_on_sign(x):
    s = 0.0
    for i in range(len(x)):
        s = 0.9 * s
        if x[i] < 0.0:
            s = s * x[i]
            continue
        s += x[i] ** 2
    return s


@program(args=lambda rng: (rng.standard_normal(8),), seeds=3)
def continue_and_break(x):
    s = 0.5
    for i in range(len(x)):
        if x[i] < -0.5:
            continue
        s = s * (1.0 + 0.3 * x[i])
        if i % 3 == 2:
            continue
        if s > 1.2:
            break
        s += x[i]
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), seeds=3)
def while_true_break(x):
    y = x
    while True:
        y = y * (1.0 + 0.5 * x)
        if y > 10.0:
            break
        y = y + 0.1
    return y


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), seeds=3)
def while_true_return(x):
    y = x
    while True:
        if y > 10.0:
            return y * x
        y = y * y + 0.5
        if y > 5.0:
            return math.log(y)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 9), seeds=3)
def while_continue(x, n):
    s = 0.0
    k = 0
    while k < n:
        k += 1
        if k % 2 == 0:
            continue
        s += x**k
        if s > 20.0:
            break
    return s


@program(args=lambda rng: (rng.uniform(-2.0, 2.0),), seeds=6)
def several_returns(x):
    if x < -1.0:
        return x * x
    y = np.sin(x)
    if x < 0.0:
        return y
    z = y * x
    if z > 0.8:
        return z * z
    return z + x


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(1.0, 6.0)), argnums=(0, 1), seeds=5
)
def return_inside_while_inside_for(x, cap):
    total = 0.0
    for i in range(len(x)):
        z = x[i]
        while z > 0.1:
            z = z * 0.4
            total += z * z
            if total > cap * 0.2:
                return total * z
        total += z
    return total * cap


@program(args=lambda rng: (rng.uniform(0.2, 1.0, (3, 4)), rng.uniform(0.5, 5.0)), seeds=5)
def return_from_three_deep(A, cap):
    s = 0.1
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            k = 0
            while k < 3:
                s += A[i, j] * s * 0.3
                if s > cap:
                    return s * A[i, j]
                if k > j:
                    break
                k += 1
            if s > 0.8 * cap and j > 1:
                break
            s = s + 0.01
    return -s


@program(args=lambda rng: (rng.uniform(0.2, 1.0, 6),), seeds=4)
def breaks_of_two_loops(x):
    s = 0.0
    for i in range(len(x)):
        t = x[i]
        for j in range(len(x)):
            t = t * (0.5 + x[j])
            if t < 0.2:
                break
            s += t
            if j > i:
                break
        if s > 1.5:
            break
        s *= 1.05
    return s * t


@program(
    args=lambda rng: (rng.uniform(0.2, 1.0, 6), rng.uniform(0.5, 1.0)), argnums=(0, 1), seeds=4
)
def all_jumps_at_once(x, a):
    s = 0.0
    for i in range(len(x)):
        if x[i] < 0.3:
            continue
        y = a
        for j in range(i, len(x)):
            if x[j] > 0.9:
                continue
            y = y * x[j] + 0.1
            if y < 0.15:
                break
            if s + y > 3.0:
                return s * y
            s += y
        if y > 0.6:
            break
        s = s + y * y
    return s + a


@program(args=lambda rng: (rng.uniform(0.2, 1.0, 5),), seeds=3)
def return_on_first_trip(x):
    for i in range(len(x)):
        return x[i] * x[i + 1]
    return x[0]


@program(args=lambda rng: (rng.uniform(0.2, 1.0),), seeds=2)
def break_on_first_trip(x):
    y = x
    for i in range(5):
        y = y * x
        break
    return y


@program(args=lambda rng: (rng.standard_normal(7),), seeds=3)
def index_after_break(x):
    for i in range(len(x)):
        if x[i] > 0.3:
            break
    return x[i] ** 2 * (i + 1)


@program(args=lambda rng: (rng.standard_normal(6),), seeds=4)
def store_then_break(x):
    y = np.zeros(len(x))
    for i in range(len(x)):
        y[i] = x[i] * x[i]
        if y[i] > 1.0:
            break
        y[i] = y[i] * 2.0
    return np.sum(y * x)


@program(args=lambda rng: (rng.uniform(0.3, 0.9, 5),), seeds=3)
def store_then_return(x):
    for i in range(1, len(x)):
        x[i] = x[i] * x[i - 1] + 0.5
        if x[i] > 1.0:
            return np.sum(x**2)
        x[i - 1] = np.sin(x[i])
    return np.sum(x)


@program(args=lambda rng: (rng.standard_normal(6),), seeds=4)
def for_else_by_flag(x):
    found = False
    s = 0.0
    for i in range(len(x)):
        if x[i] > 1.0:
            found = True
            break
        s += x[i] * x[i]
    if not found:
        s = s * 10.0
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), seeds=3)
def test_changed_before_the_break(x):
    s = 0.0
    for k in range(10):
        left = s * x
        s = s + x
        if left > 2.0:
            s = s * left
            left = 0.0
            break
        left = s
    return s + left
