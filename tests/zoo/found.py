"""Programs on which the fuzzer found forward mode to fail, made small."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.standard_normal(4)), argnums=(0, 1))
def dead_copy_of_array(a, x):
    z = x
    w = z
    w, a = a, w
    return w * w


@program(args=lambda rng: (np.asfortranarray(rng.standard_normal((7, 5))),))
def fortran_ordered_and_written(A):
    A[0] *= 2.0
    return np.sum(np.sin(A)) * np.sum(A * A)


@program(args=lambda rng: (rng.uniform(1.0, 2.0), rng.uniform(0.5, 0.9)), argnums=(0, 1))
def int_in_one_branch(x, y):
    scale = (3 if x > 1.5 else y) * x
    n = 2
    if y > 0.7:
        n = n * x
    return scale * n


def one_or_itself(x):
    return 1 if x > 1.5 else x


@program(args=lambda rng: (rng.uniform(1.0, 2.0),), seeds=4)
def helper_returns_int(x):
    a, b = 1, x
    for _ in range(3):
        a, b = a * b, b * x
    return one_or_itself(x) * a
