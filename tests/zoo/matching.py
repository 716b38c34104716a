"""match, assignment expressions, and functions that assign to variables around them."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from tests.zoo.registry import program


@dataclass
class Disc:
    radius: float


@dataclass
class Box:
    width: float
    height: float


def activation(kind, x):
    match kind:
        case "relu":
            return np.maximum(x, 0.0)
        case "tanh" | "th":
            return np.tanh(x)
        case ("leaky", slope):
            return np.where(x > 0.0, x, slope * x)
        case _:
            raise ValueError(f"unknown activation {kind}")


@program(args=lambda rng: (rng.standard_normal(4),))
def activations_by_name(x):
    return np.sum(activation("tanh", x) * activation("relu", x) + activation(("leaky", 0.1), x))


@program(args=lambda rng: (rng.uniform(-1.0, 2.0, 9),), seeds=2)
def matches_numbers(x):
    total = 0.1
    for i, v in enumerate(x):
        match i % 4:
            case 0:
                total += v
            case 1 | 2 if v > 0.0:
                total *= 1.0 + v
            case k if v < 0.5:
                total -= k * v * v
            case _:
                total = total * 0.9
    return total


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3),))
def matches_shapes(x):
    area = 0.0
    for k in range(3):
        match (k, x.shape):
            case (0, (n,)):
                area += x[0] * n
            case (1, _):
                area += x[1] ** 2
            case (j, (_,)):
                area *= j
    return area * x[2]


@program(args=lambda rng: (rng.uniform(1.0, 4.0),), seeds=3)
def assigns_while_testing(x):
    n = 0
    while n < 30 and (y := 0.8 * x + 0.1 * math.sin(x)) > 0.7:
        x = y
        n += 1
    if n > 100 or (z := x * x) > 0.4:
        return z * x
    return x


@program(args=lambda rng: (rng.standard_normal(5),), seeds=2)
def largest_so_far(x):
    best = None
    total = 0.0
    for v in x:
        if best is None or v * v > best:
            best = v * v
        else:
            total += best * v
    return best + total


@program(args=lambda rng: (rng.standard_normal(3),))
def previous_or_none(x):
    previous = None
    total = 0.0
    for k in range(4):
        current = np.sin((k + 1) * x)
        if previous is not None:
            total += np.sum((current - previous) ** 2)
        previous = current
    return total


@program(args=lambda rng: (rng.standard_normal(3),))
def sums_from_zero(x):
    series = 0
    for k in range(1, 5):
        series += np.sin(k * x) / k
    return np.sum(series * series)


@program(args=lambda rng: (rng.standard_normal(5),))
def accumulates_outside(x):
    total, count = 0.0, 0

    def add(v):
        nonlocal total, count
        total = 0.5 * total + v * v
        count += 1
        return total

    last = 0.0
    for v in x:
        if v > -0.5:
            last = add(v)
    add(last * x[0])
    return total / count


@program(args=lambda rng: (rng.uniform(0.2, 1.0), rng.uniform(0.0, 0.5)), argnums=(0, 1))
def leapfrog_in_closures(x, v):
    energy = 0.0

    def kick(dt):
        nonlocal v
        v = v - dt * math.sin(x)

    def drift(dt):
        nonlocal x
        x = x + dt * v

    def step(dt):
        nonlocal energy
        kick(0.5 * dt)
        drift(dt)
        kick(0.5 * dt)
        energy += 0.5 * v * v + 1.0 - math.cos(x)

    for _ in range(5):
        step(0.1)
    return energy + x


def traced(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        print("calling", function.__name__)
        return function(*args, **kwargs)

    return wrapper


@traced
def softplus(x, beta=1.0):
    return np.log1p(np.exp(beta * x)) / beta


@functools.cache
def binomial(n, k):
    return 1 if k in (0, n) else binomial(n - 1, k - 1) + binomial(n - 1, k)


@program(args=lambda rng: (rng.uniform(0.1, 0.9, 4),), dual=False)
def decorated_helpers(x):
    def squared(f):
        @functools.wraps(f)
        def inner(t):
            return f(t) ** 2

        return inner

    @squared
    def bernstein(t):
        return sum(binomial(3, k) * x[k] * t**k * (1.0 - t) ** (3 - k) for k in range(4))

    return bernstein(0.3) + np.sum(softplus(x, beta=2.0))
