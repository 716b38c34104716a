"""try: which handler ran, how far the body got, and what is cleaned up."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.registry import program


class DivergedError(Exception):
    """An iteration that left its range."""


def logistic_step(x, rate, limit):
    y = rate * x * (1.0 - x) + 0.1 * x * x
    if abs(y) > limit:
        raise DivergedError(f"too large: {y}")
    return y


@program(args=lambda rng: (rng.uniform(-1.0, 1.0, 8), rng.uniform(0.1, 0.3)), argnums=(0, 1),
         dual=False, seeds=3)  # fmt: skip
def roots_or_damped(x, lo):
    total = 0.0
    for i in range(len(x)):
        y = x[i]
        try:
            y = y * y
            y = math.sqrt(y - lo)
        except ValueError:
            y = 0.1 * y
        total += y * y
    return total


@program(args=lambda rng: (rng.standard_normal((3, 3)), rng.standard_normal(3)), argnums=(0, 1),
         dual=False)  # fmt: skip
def solve_or_fall_back(A, b):
    total = 0.0
    for k in range(3):
        M = A * (k - 1.0)
        try:
            y = np.linalg.solve(M, b)
        except np.linalg.LinAlgError:
            y = 0.5 * b
        total += np.sum(y * y)
    return total


@program(args=lambda rng: (rng.uniform(0.2, 1.0, (3, 3)),), dual=False)
def cholesky_with_jitter(A):
    S = A @ A.T - 0.3 * np.eye(3)
    jitter = 0.0
    tries = 0
    while True:
        try:
            L = np.linalg.cholesky(S + jitter * np.eye(3))
            break
        except np.linalg.LinAlgError:
            jitter = max(2.0 * jitter, 0.01)
            tries += 1
            if tries > 20:
                raise
    return np.sum(np.log(np.diag(L)))


@program(args=lambda rng: (rng.uniform(0.7, 0.9),), dual=False, seeds=3)
def halves_what_diverges(x):
    y = x
    for _ in range(12):
        try:
            y = logistic_step(y, 3.1, 0.7) + 0.05
        except DivergedError:
            y = y * 0.5
    return y


@program(args=lambda rng: (rng.uniform(1.3, 1.5),), dual=False)
def leaves_at_the_first_error(x):
    y = x
    count = 0
    try:
        for _ in range(10):
            y = logistic_step(y, -1.5, 40.0)
            count += 1
    except DivergedError:
        y = y * y
    finally:
        count += 1
    return y * count


@program(args=lambda rng: (rng.standard_normal(6),), dual=False, seeds=3)
def skips_and_counts(x):
    total = 0.0
    for v in x:
        try:
            w = math.log(v)
        except ValueError:
            continue
        else:
            total += w * v
        finally:
            total *= 1.1
    return total


@program(args=lambda rng: (rng.standard_normal(6),), dual=False, seeds=3)
def returns_from_handlers(x):
    product = 1.0
    for i in range(len(x)):
        try:
            product = product * math.sqrt(x[i] + 0.5)
        except ValueError:
            return product * x[i] ** 2
    return product


@program(args=lambda rng: (rng.standard_normal(5), np.array([1.0, 0.0, 2.0, 0.5, 0.0])),
         dual=False, seeds=2)  # fmt: skip
def several_handlers(x, d):
    total = 0.0
    for i in range(len(x)):
        try:
            total += math.sqrt(float(x[i])) / float(d[i])
        except ZeroDivisionError:
            total += 1.0 + x[i]
        except ValueError:
            total -= x[i] * total
    return total * total


@program(args=lambda rng: (rng.standard_normal(5),), dual=False, seeds=3)
def attempts_in_attempts(x):
    total = 0.0
    for v in x:
        try:
            try:
                w = math.log(v)
            except ValueError:
                w = math.sqrt(v + 0.5)
            w = w * w
        except ValueError as error:
            print("neither", type(error).__name__)
            w = -v
        total += w * v
    return total


@program(args=lambda rng: (rng.standard_normal(4),))
def neighbours_or_the_edge(x):
    total = 0.0
    for i in range(len(x)):
        try:
            total += x[i] * x[i + 1]
        except IndexError:
            total += x[i] ** 2
    return total


@program(args=lambda rng: (rng.uniform(0.2, 1.0, 3),), dual=False)
def progress_is_kept(x):
    s = 0.0
    try:
        s = x[0] * 2.0
        s = s * x[1]
        s = s + math.sqrt(x[2] - 3.0)
        s = s * 7.0
    except ValueError:
        s = s * s
    return s


@program(args=lambda rng: (rng.standard_normal(4),), dual=False, seeds=2)
def stores_or_squares(x):
    out = np.zeros(4)
    for i in range(4):
        try:
            out[i] = math.sqrt(x[i])
        except ValueError:
            out[i] = x[i] ** 2
    return np.sum(out * x)


@program(args=lambda rng: (rng.standard_normal(3), rng.uniform(0.5, 1.5)), argnums=(0, 1),
         dual=False)  # fmt: skip
def passive_configuration(x, scale):
    try:
        power = int("3")
    except ValueError:
        power = 2
    try:
        import no_module_of_this_name  # noqa: F401

        scale = scale * 2.0
    except ImportError:
        scale = scale * 0.5
    return np.sum(x**power) * scale


class Accumulator:
    def __init__(self):
        self.total = 0.0
        self.count = 0

    def add(self, v):
        if v < 0.0:
            raise ValueError("negative")
        self.total += v * v
        self.count += 1


@program(args=lambda rng: (rng.standard_normal(5),), seeds=2)
def methods_that_raise(x):
    kept = Accumulator()
    first = Accumulator()
    for v in x:
        try:
            kept.add(v)
        except ValueError:
            kept.total -= v
    total = 0.0
    try:
        for v in x:
            first.add(v + 1.0)
            total += first.total
    except ValueError as error:
        print("stopped:", error)
    return kept.total * kept.count + first.total * (1.0 + total)
