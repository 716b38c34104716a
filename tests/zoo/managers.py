"""with: context managers around what is differentiated, with jumps out of them."""

from __future__ import annotations

import contextlib
import math
import threading
import time
import warnings

import numpy as np

from tests.zoo.registry import program


class Timer:
    def __init__(self):
        self.total = 0.0

    def __enter__(self):
        self.start = time.perf_counter()
        return self

    def __exit__(self, *exc):
        self.total += time.perf_counter() - self.start


@contextlib.contextmanager
def section(name):
    yield name


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.5, 1.0, 5)), argnums=(0, 1))
def ratio_without_warnings(x, y):
    y = y - np.array([0.0, 1.0, 0.0, 0.0, 0.0]) * y
    with np.errstate(divide="ignore", invalid="ignore"):
        q = np.where(y != 0.0, x / y, 0.0)
    return np.sum(q**2)


@program(args=lambda rng: (rng.standard_normal(6),), seeds=3)
def jumps_out_of_a_with(x):
    s = 0.1
    for i in range(len(x)):
        with np.errstate(all="ignore"):
            if x[i] < -0.3:
                continue
            s += np.sqrt(x[i] + 0.4)
            if s > 2.5:
                break
        s = s * 1.05
    return s * s


@program(args=lambda rng: (rng.standard_normal(4),), seeds=3)
def returns_out_of_a_with(x):
    lock = threading.Lock()
    with lock, section("sum"):
        s = np.sum(x)
        if s > 0.5:
            return s * x[1]
        s = s * s
    return s * x[0]


@program(args=lambda rng: (rng.standard_normal(5),))
def timed_stores(x):
    out = np.empty(5)
    with Timer() as timer:
        for i in range(5):
            out[i] = math.sin(x[i]) * x[i - 1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            out[1:] += out[:-1] ** 2
    print("seconds", timer.total >= 0.0)
    return np.sum(out * out)


@program(args=lambda rng: (rng.standard_normal(5),), dual=False, seeds=2)
def suppressed_errors(x):
    total = x[0]
    for v in x:
        with contextlib.suppress(ValueError, ZeroDivisionError):
            total += math.sqrt(v) * total
    return total


@program(args=lambda rng: (rng.standard_normal((3, 3)),), dual=False)
def raising_state(A):
    total = 0.0
    for k in range(3):
        with np.errstate(all="raise"):
            try:
                y = np.log(A[k])
            except FloatingPointError:
                y = np.log(np.abs(A[k]))
        total += np.sum(y * A[k])
    return total
