"""Calls of the user's own functions: in loops, branches and tests, nested, with defaults."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo import helpers
from tests.zoo.helpers import damped, softplus
from tests.zoo.registry import program

GAIN = 1.3


def square(x):
    return x * x


def scaled(x, a=2.0, b=0.5):
    return a * x + b


def poly(x, n=3):
    s = 0.0
    for k in range(n):
        s = s * x + k + 1.0
    return s


def clipped(x, limit):
    if x > limit:
        return limit + 0.1 * (x - limit)
    if x < -limit:
        return -limit
    return x


def polar(x, y):
    r = math.sqrt(x * x + y * y)
    return r, x / r


def ignoring(x, y):
    return 3.0 * x


def nothing_active(n):
    return n * 0.5 + GAIN


def energy(v):
    return np.sum(v * v)


def smoothed(v, k):
    w = np.zeros(len(v))
    for i in range(len(v)):
        w[i] = v[i] + k * v[i - 1]
    return w


def halved_until_small(x, limit=0.3):
    trips = 0
    while abs(x) > limit:
        x = x * 0.5 + 0.01 * x * x
        trips += 1
    return x


def first_above(v, limit):
    for i in range(len(v)):
        if v[i] > limit:
            return v[i] * i
        limit = limit * 0.9
    return limit


def inner_most(x, a):
    return np.sin(x) * a


def middle(x, a):
    y = inner_most(x, a) + inner_most(a, x)
    return y * y


def outer_most(x, a):
    s = x
    for k in range(2):
        s = middle(s, a) + 0.1 * s
    return s


def bumped(x):
    x += 1.0
    x = x * x
    return x


def summary(v):
    total = 0.0
    largest = v[0]
    for i in range(len(v)):
        total += v[i]
        if v[i] > largest:
            largest = v[i]
    return total, largest, len(v)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def call_once(x):
    return square(x) * x


@program(args=lambda rng: (rng.uniform(0.5, 1.5), 0.4), argnums=(0, 1), analytic=True)
def keywords_and_defaults(x, y):
    a = scaled(x) + scaled(y, 3.0) + scaled(x, b=y)
    b = scaled(b=x, a=y, x=x) + scaled(y, a=x) + poly(x) * poly(y, n=2)
    return a * b


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1), analytic=True
)
def calls_as_arguments(x, y):
    return square(scaled(square(x), square(y))) + scaled(poly(x), poly(scaled(y)))


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1), analytic=True
)
def three_deep(x, a):
    return outer_most(x, a) * outer_most(a, 0.5)


@program(args=lambda rng: (rng.uniform(0.5, 1.2, 5),), analytic=True)
def call_in_loop(x):
    s = 0.3
    for i in range(len(x)):
        s = square(s) * 0.5 + scaled(x[i], a=s)
    return s


@program(args=lambda rng: (rng.standard_normal(6), rng.uniform(0.3, 0.8)), argnums=(0, 1), seeds=4)
def call_with_returns(x, limit):
    s = 0.0
    for i in range(len(x)):
        s += clipped(x[i] * (1.0 + s * s), limit)
    return s * s


@program(args=lambda rng: (rng.standard_normal(5),), seeds=4)
def call_in_branch(x):
    s = 1.0
    for i in range(len(x)):
        if x[i] > 0.0:
            s = s * square(x[i])
        else:
            s = s + poly(x[i], 2)
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), seeds=3)
def call_in_tests(x):
    y = x
    while square(y) < 10.0:
        y = scaled(y, 1.5, 0.1 * x)
        if poly(y, 2) > 5.0 and square(y) > 4.0:
            y = y + 0.2
    return y * (square(x) if square(x) > 1.0 else poly(x))


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1))
def call_returning_tuple(x, y):
    r, c = polar(x, y)
    for k in range(3):
        r, c = polar(r, c + 0.1 * y)
    pair = polar(r, x)
    return r * c + pair[0] * pair[1]


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1), analytic=True
)
def call_ignoring_arguments(x, y):
    return ignoring(x, y) * x + nothing_active(3) * x


@program(args=lambda rng: (rng.standard_normal(4), 0.3), argnums=(0, 1))
def call_with_arrays(v, k):
    w = smoothed(v, k)
    for t in range(2):
        w = smoothed(w, k * k) * v
    return energy(w) + energy(v)


@program(args=lambda rng: (rng.standard_normal((3, 4)), 0.3), argnums=(0, 1))
def call_on_rows(A, k):
    s = 0.0
    for i in range(len(A)):
        s += energy(smoothed(A[i] * k, k)) + energy(A[:, i])
    return s


@program(args=lambda rng: (rng.uniform(1.0, 3.0), 0.4), argnums=(0, 1))
def call_with_while(x, limit):
    return halved_until_small(x) * halved_until_small(x * x, limit=limit) + x


@program(args=lambda rng: (rng.uniform(1.0, 3.0, 3),))
def call_with_while_in_loop(x):
    s = 0.0
    for i in range(len(x)):
        s += halved_until_small(x[i] + s)
    return s


@program(args=lambda rng: (rng.standard_normal(5), rng.uniform(0.5, 1.5)), argnums=(0, 1), seeds=5)
def call_returning_from_loop(v, limit):
    s = first_above(v, limit)
    for k in range(2):
        s = s + first_above(v * s, limit + k)
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def call_overwriting_its_parameter(x):
    y = bumped(x)
    x = x + bumped(y)
    return x * y


@program(args=lambda rng: (rng.standard_normal(5),), seeds=3)
def call_of_summary(v):
    total, largest, n = summary(v)
    mean = total / n
    return mean * largest + summary(v * mean)[1]


@program(args=lambda rng: (rng.standard_normal(3), 0.7), argnums=(0, 1))
def call_of_other_module(x, a):
    s = helpers.blend(x[0], x[1], a)
    for i in range(len(x)):
        s = damped(s, rate=a) + softplus(x[i])
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def module_attributes_read(x):
    y = helpers.SHIFT * x * x
    return y * helpers.TAPS[1] + np.sum(helpers.TAPS * x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), seeds=2)
def local_names_as_in_helper(x):
    s = 2.0
    k = x * x
    y = poly(x)
    s = s * y + k
    return s * clipped(k, 0.8)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),), seeds=3)
def call_in_break_test(x):
    s = 0.5
    for i in range(len(x)):
        s = s + square(x[i])
        if clipped(s, 1.0) > 1.02:
            break
        s = poly(s, 2) * 0.5
    return s


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def call_result_unused(x):
    y = square(x)
    square(y)
    z = poly(y)
    z = x
    return z * y


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 4),))
def call_in_store(x):
    y = np.zeros(4)
    for i in range(4):
        y[i] = square(x[i]) + scaled(y[i - 1])
        y[i] += poly(y[i], 2)
    return energy(y)
