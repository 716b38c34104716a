"""Every pair of shapes that NumPy broadcasts, by every operator, and sums over lazy seeds."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


def _shapes(*shapes):
    def make(rng):
        return tuple(
            float(rng.uniform(0.5, 1.5)) if s is None else rng.uniform(0.5, 1.5, s) for s in shapes
        )

    return make


@program(args=_shapes(None, 4), argnums=(0, 1), analytic=True)
def scalar_with_vector(a, v):
    w = a * v + a - v / a + v**a
    return np.sum(w * w) + np.sum(a - v)


@program(args=_shapes(None, (3, 2)), argnums=(0, 1), analytic=True)
def scalar_with_matrix(a, A):
    B = a / A - A * a
    B = B + a**2
    return np.sum(B * B)


@program(args=_shapes(4, (3, 4)), argnums=(0, 1), analytic=True)
def vector_with_matrix(v, A):
    B = v * A + A / v - v
    return np.sum(B * B) + np.sum(v - A**v)


@program(args=_shapes((3, 1), (1, 4)), argnums=(0, 1), analytic=True)
def column_with_row(c, r):
    A = c * r + c / r - r
    return np.sum(A * A * c)


@program(args=_shapes((3, 1), 4), argnums=(0, 1), analytic=True)
def column_with_vector(c, v):
    A = c - v * c
    return np.sum(A * v)


@program(args=_shapes((1,), 4), argnums=(0, 1), analytic=True)
def length_one_with_vector(a, v):
    w = a * v - a
    return np.sum(w * w / a)


@program(args=_shapes((1,), None), argnums=(0, 1), analytic=True)
def length_one_with_scalar(v, a):
    w = v * a + a
    return np.sum(w * v)


@program(args=_shapes((1, 1), (3, 4)), argnums=(0, 1), analytic=True)
def one_by_one_with_matrix(a, A):
    return np.sum(a * A + A / a) * np.sum(a)


@program(args=_shapes((1, 4), (4,)), argnums=(0, 1), analytic=True)
def row_with_vector(r, v):
    w = r * v
    return np.sum(w * w * r)


@program(args=_shapes((2, 3, 4), (3, 1), 4), argnums=(0, 1, 2), analytic=True)
def three_axes(T, c, v):
    U = T * c + v
    return np.sum(U * U / v)


@program(args=_shapes((3, 1), (1, 4)), argnums=(0, 1), seeds=3)
def extrema_broadcast(c, r):
    A = np.maximum(c, r) * np.minimum(c, 1.0)
    return np.sum(A * np.where(c > r, c, r * r))


@program(args=_shapes(None, 4), argnums=(0, 1), analytic=True)
def sum_of_scalar_plus_vector(a, b):
    return np.sum(a + b)


@program(args=_shapes((3, 4), 4), argnums=(0, 1), analytic=True)
def sum_of_matrix_plus_vector(A, b):
    return (A + b).sum() + np.sum(A - b)


@program(args=_shapes((3, 2), (2, 4)), argnums=(0, 1), analytic=True)
def sum_of_product(A, B):
    return np.sum(A @ B)


@program(args=_shapes((3, 2), 2), argnums=(0, 1), analytic=True)
def sum_of_matrix_vector(A, v):
    return np.sum(A @ v)


@program(args=_shapes((3, 4)), analytic=True)
def sum_of_sums(A):
    return np.sum(np.sum(A, axis=0))


@program(args=_shapes((3, 4)), analytic=True)
def sum_of_transpose(A):
    return np.sum(A.T) + A.T.sum(axis=1)[1] + np.sum(A.reshape(4, 3))


@program(args=_shapes(4), analytic=True)
def mean_spread_out(x):
    return np.sum(np.mean(x) * np.ones(3))


@program(args=_shapes(4, None), argnums=(0, 1), analytic=True)
def seed_into_two_operands(x, a):
    y = x + a
    return np.sum(y + x) + y[0]


@program(args=_shapes((3, 4)), analytic=True)
def seed_through_branches_of_sums(A):
    r = np.sum(A, axis=1)
    c = np.mean(A, axis=0)
    return np.sum(r) * np.sum(c) + np.sum(r + 1.0)


@program(args=_shapes(None, 4), argnums=(0, 1), analytic=True)
def lazy_seed_in_loop(a, x):
    s = 0.0
    for k in range(3):
        s += np.sum(a + x)
        a = a * 1.1
    return s


@program(args=_shapes((3, 4), (3, 1)), argnums=(0, 1), analytic=True)
def softmax_like(A, c):
    E = np.exp(A - c)
    P = E / np.sum(E, axis=1, keepdims=True)
    return np.sum(P * A)


@program(args=_shapes(3, 4, None), argnums=(0, 1, 2))
def free_energy(x, y, b):
    r = x[:, None] - y
    z = b - r**2
    top = np.max(z, axis=1)
    w = np.exp(z - top[:, None])
    return np.sum(np.log(np.sum(w, axis=1)) + top)


@program(args=_shapes(3, 1, 4), argnums=(0, 1, 2), analytic=True)
def free_energy_stretched(x, y, b):
    r = x[:, None] - y
    z = b - r**2
    w = np.exp(z)
    return np.sum(np.log(np.sum(w, axis=1)))


@program(args=_shapes(1, 1, (1, 1)), argnums=(0, 1, 2), analytic=True)
def everything_of_size_one(x, y, A):
    z = x * y + A
    return np.sum(z * A[0]) * x[0]


@program(args=_shapes((1, 4), (3, 4)), argnums=(0, 1), analytic=True)
def accumulated_broadcast(r, A):
    A = A * 1.0
    for k in range(3):
        A += r * k
        r = r * 0.9
    return np.sum(A * A)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.5, 1.5, 4)), argnums=(0, 1))
def sizes_that_differ_by_what_is_cut_off(x, y):
    """Taken to agree, as the call checks."""
    return np.sum(x[1:] * y * np.sin(x[:-1])) + np.sum(x[1:-1] / y[1:])


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 5), rng.uniform(0.5, 1.5, 1)), argnums=(0, 1))
def one_against_what_is_cut_off(x, y):
    return np.sum(x[1:] * y * np.sin(x[:-1]))


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 2), rng.uniform(0.5, 1.5, 4)), argnums=(0, 1))
def what_is_cut_off_is_one(x, y):
    """Here the sizes do not agree, and another text is made."""
    return np.sum(x[1:] * y * np.sin(x[:-1]))
