"""Programs on numbers: every operator and elementary function, recurrences, swaps."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.registry import program

RATE = 0.7
COUNT = 3


@program(
    args=lambda rng: (rng.uniform(0.5, 2.0), rng.uniform(0.5, 2.0)), argnums=(0, 1), analytic=True
)
def arithmetic(x, y):
    return (x + y) * (x - y) / (1.0 + x * y) - -x + +y


@program(
    args=lambda rng: (rng.uniform(0.5, 2.0), rng.uniform(0.5, 2.0)), argnums=(0, 1), analytic=True
)
def powers(x, y):
    return x**2 + x**-1 + x**0.5 + 2**y + x**y + x**0 + x**1 + (x + y) ** 3


@program(args=lambda rng: (rng.uniform(2.1, 2.9), rng.uniform(0.6, 0.9)), argnums=(0, 1), seeds=3)
def floor_and_modulo(x, y):
    return (x // y) * x + x % y + math.floor(x) * y + (-x) % y


@program(args=lambda rng: (rng.uniform(2.05, 2.15), 0.1), argnums=(0, 1))
def table_lookup(x, h):
    i = int(x / 0.4)
    w = x / 0.4 - i
    return w * w * h + (1.0 - w) * i


@program(args=lambda rng: (rng.uniform(0.1, 0.9),))
def math_functions(x):
    a = math.exp(x) + math.log(x) * math.sqrt(x)
    b = math.sin(x) * math.cos(x) + math.tan(x)
    c = math.asin(x) + math.acos(x) * math.atan(x)
    d = math.sinh(x) + math.cosh(x) * math.tanh(x)
    e = math.asinh(x) + math.acosh(1.0 + x) * math.atanh(x)
    f = math.log2(1.0 + x) + math.log10(x) + math.log1p(x) * math.expm1(x)
    return a * b + c * d + e * f


@program(args=lambda rng: (rng.uniform(0.1, 0.9),), analytic=True)
def numpy_functions(x):
    a = np.exp(x) + np.log(x) * np.sqrt(x)
    b = np.sin(x) * np.cos(x) + np.tan(x)
    c = np.arcsin(x) + np.arccos(x) * np.arctan(x)
    d = np.sinh(x) + np.cosh(x) * np.tanh(x)
    e = np.arcsinh(x) + np.arctanh(x)
    f = np.log2(1.0 + x) + np.log10(x) + np.log1p(x) * np.expm1(x)
    return a * b + c * d + e * f + np.square(x)


@program(args=lambda rng: (np.float64(rng.uniform(1.1, 2.0)),))
def numpy_scalar(x):
    y = np.arccosh(x) * 2.0
    for i in range(3):
        y = y * x - 0.3
    return y


@program(args=lambda rng: (np.float32(rng.uniform(1.1, 2.0)), 1.5), argnums=(0, 1), tolerance=2e-5)
def single_precision_scalar(x, y):
    z = x * 2.0
    z = z * z + np.sin(x)
    return z * y


@program(args=lambda rng: (rng.uniform(-2.0, 2.0), rng.uniform(-2.0, 2.0)), argnums=(0, 1), seeds=4)
def absolute_values(x, y):
    return abs(x * y) + math.fabs(x) * y - np.abs(x - y) + abs(x) ** 3


@program(args=lambda rng: (rng.uniform(-2.0, 2.0), rng.uniform(-2.0, 2.0)), argnums=(0, 1), seeds=4)
def maxima_of_scalars(x, y):
    return np.maximum(x, y) * x + np.minimum(x, 0.3) * y + np.sign(x) * y


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def augmented(x):
    y = x
    y += 2.0 * x
    y -= x * y
    y *= y
    y /= 1.0 + x
    y **= 2
    return y


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1), analytic=True
)
def swapped(x, y):
    x, y = y, x
    z = x * x * y
    x, y = y * 2.0, x + z
    (x, y), z = (y, x), x
    return x * y + z


@program(
    args=lambda rng: (rng.uniform(0.5, 1.2), rng.uniform(0.5, 1.2)), argnums=(0, 1), analytic=True
)
def fibonacci_like(a, b):
    for k in range(6):
        a, b = b, a + 0.5 * b * a
    return a * b


@program(args=lambda rng: (rng.uniform(0.5, 1.2), 0.3, 0.9), argnums=(0, 1, 2), analytic=True)
def three_rotated(a, b, c):
    for k in range(5):
        a, b, c = b, c, a * b + c
        c = c * 0.8
    return a * b - c


@program(args=lambda rng: (rng.uniform(0.5, 1.2), rng.uniform(0.5, 1.2)), argnums=(0, 1), seeds=4)
def swapped_if_larger(a, b):
    for k in range(4):
        if a > b:
            a, b = b, a
        a = a * 1.7 + 0.1 * b
    return a - 2.0 * b


@program(args=lambda rng: (rng.uniform(-0.5, 0.5, 5),), analytic=True)
def durbin_scalars(r):
    alpha = -r[0]
    beta = 1.0
    total = alpha
    for k in range(1, len(r)):
        beta *= 1.0 - alpha * alpha
        alpha = -r[k] / beta
        total += alpha * beta
    return total


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def int_becomes_float(x):
    s = 0
    p = 1
    for i in range(len(x)):
        s += x[i] * x[i]
        p = p * x[i]
    return s * p


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), seeds=2)
def int_or_float(x):
    y = 2
    if x > 1.0:
        y = x * x
    z = 3 if y > 1.5 else x
    return y * z + x


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def globals_read(x):
    s = 0.0
    for k in range(COUNT):
        s = RATE * s + x ** (k + 1)
    return s * math.pi + np.e * x


@program(args=lambda rng: (rng.uniform(0.5, 1.5),))
def float_of(x):
    y = float(x * x)
    z = float(COUNT)
    return y * z + float(x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5), 2), argnums=(1,), seeds=1)
def one_of_the_arguments(x, y, n):
    z = x * y
    for k in range(n):
        z = z * y + x
    return z


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(1, 0), seeds=1)
def arguments_in_other_order(x, y):
    return x * x * y


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)),
    argnums=-1,
    seeds=1,
    expected=lambda x, y: x * x,
)
def last_argument(x, y):
    return x * x * y


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def argument_overwritten(x):
    x = x * x
    x = np.sin(x)
    x += x * x
    return x


@program(args=lambda rng: (rng.uniform(0.5, 1.5),), analytic=True)
def same_value_many_times(x):
    y = x * x
    z = y
    w = z
    y = y * w
    z = z * y
    return w * y * z * x


@program(
    args=lambda rng: (rng.uniform(2.0, 3.0), rng.uniform(0.1, 0.9)), argnums=(0, 1), analytic=True
)
def saved_over_three_lives(x, a):
    y = np.exp(a)
    x = x * y
    y = np.sqrt(x)
    x = x / y
    y = y * x * a
    a = a * y
    return a + np.tanh(x)


@program(args=lambda rng: (rng.uniform(0.0, 1.0), 40, 0.05), argnums=(0, 2), analytic=True)
def logistic_ode(x, steps, dt):
    for t in range(steps):
        k1 = x * (1.0 - x)
        mid = x + 0.5 * dt * k1
        k2 = mid * (1.0 - mid)
        x += dt * k2
    return x
