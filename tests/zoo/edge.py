"""Odd arguments: other layouts and dtypes, no dimensions, size one, nothing at all, read-only."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


def _read_only(a):
    a.flags.writeable = False
    return a


def _layouts(rng):
    strided = rng.standard_normal((3, 8))[:, ::2]
    backwards = rng.standard_normal(4)[::-1]
    return np.asfortranarray(rng.standard_normal((3, 4))), strided, backwards


@program(args=_layouts, argnums=(0, 1, 2), analytic=True)
def layouts_read(A, B, v):
    C = A * B + v
    return np.sum(C.T @ C) + np.sum(A.reshape(12) ** 2 * B.reshape(-1)) + v[0] * A[0, 1]


@program(args=_layouts, argnums=(0, 1, 2), analytic=True)
def layouts_stored(A, B, v):
    A[1:] *= B[1:]
    B[:, 0] = v[:3] * A[:, 1]
    v[::2] += A[0, ::2]
    A *= 2.0
    return np.sum(A * B) + np.sum(v**2)


@program(
    args=lambda rng: (_read_only(rng.standard_normal(4)), rng.standard_normal(4)),
    argnums=(0, 1),
    analytic=True,
)
def read_only_argument(x, y):
    y[1:] *= x[:-1]
    z = x * y
    z[0] = 1.0
    return np.sum(z * y)


@program(
    args=lambda rng: (np.broadcast_to(rng.standard_normal(4), (3, 4)), rng.standard_normal((3, 4))),
    argnums=(0, 1),
    analytic=True,
)
def broadcast_argument(A, B):
    return np.sum(A * B + np.sin(A) * A)


@program(args=lambda rng: (np.array(rng.uniform(0.5, 1.5)), np.array(0.3)), argnums=(0, 1))
def zero_dimensional(x, y):
    z = x * x + y
    for k in range(3):
        z = np.sin(z) * x
    return z


@program(args=lambda rng: (np.array(rng.uniform(0.5, 1.5)), rng.standard_normal(3)), argnums=(0, 1))
def zero_dimensional_with_vector(a, v):
    return np.sum(a * v) + a


@program(args=lambda rng: (np.array([rng.uniform(0.5, 1.5)]),), analytic=True)
def result_of_one_element(x):
    return x * x * x


@program(
    args=lambda rng: (np.array([[rng.uniform(0.5, 1.5)]]), rng.uniform(0.5, 1.5)),
    argnums=(0, 1),
    analytic=True,
)
def result_one_by_one(x, a):
    return np.sin(x) * a


@program(args=lambda rng: (np.zeros(0), 2.0), argnums=(0, 1), seeds=1)
def empty_vector(x, a):
    s = a
    for i in range(len(x)):
        s += x[i]
    for v in x:
        s = s * v
    return s * a + np.sum(x * a) + np.sum(x * x)


@program(args=lambda rng: (np.zeros((0, 3)), np.ones(3)), argnums=(0, 1), seeds=1)
def empty_matrix(A, v):
    B = A * v
    return np.sum(B) + np.sum(A @ v) + np.sum(v * v) + np.sum(np.sum(A, axis=0) * v)


@program(args=lambda rng: (rng.standard_normal(1),), seeds=1)
def empty_slices(x):
    y = np.zeros(1)
    y[1:] = x[1:] * 2.0
    y[:0] += x[:0]
    y[0] += np.sum(x[1:-1]) + x[0] ** 2
    for i in range(1, len(x)):
        y[i] = x[i] * x[i - 1]
    return np.sum(y)


@program(
    args=lambda rng: (rng.standard_normal((1, 4)), rng.standard_normal((4, 1))),
    argnums=(0, 1),
    analytic=True,
)
def size_one_dimensions(r, c):
    A = r * c
    s = A @ c
    A[0] = r[0] * 2.0
    return np.sum(A * r) + np.sum(s) + (r @ c)[0, 0]


@program(
    args=lambda rng: (
        rng.standard_normal(4).astype(np.float32),
        rng.standard_normal((3, 4)).astype(np.float32),
    ),
    argnums=(0, 1),
    tolerance=2e-5,
)
def single_precision(v, A):
    w = A @ v
    for i in range(len(w)):
        w[i] = w[i] * w[i] + 0.5
    return np.sum(w * A[:, 0]) * np.mean(v)


@program(
    args=lambda rng: (rng.standard_normal(4).astype(np.float32), rng.standard_normal(4), 1.5),
    argnums=(0, 1, 2),
    tolerance=2e-5,
)
def mixed_precision(x, y, a):
    z = x * a
    z = z * y + np.sin(x)
    return np.sum(z * z)


@program(args=lambda rng: (rng.standard_normal(4).astype(np.float32),), tolerance=2e-5)
def stored_with_lower_precision(x):
    y = np.zeros(4)
    y[:] = x * x
    x[1:] = y[:-1] * 0.5
    return np.sum(x * x)


@program(args=lambda rng: (rng.standard_normal(3),), seeds=1, expected=lambda x: np.zeros(3))
def independent_of_argument(x):
    n = len(x)
    return 2.0 * n


@program(
    args=lambda rng: (rng.standard_normal(3), 2.0),
    argnums=(0, 1),
    seeds=1,
    expected=lambda x, a: (np.zeros(3), 1.0),
)
def dead_argument(x, a):
    y = x * a
    y = np.zeros(3)
    return np.sum(y) + a


@program(args=lambda rng: (rng.standard_normal(3),), seeds=1, expected=lambda x: np.ones(3))
def piecewise_constant(x):
    return np.sum(np.floor(x) + np.ceil(x) + np.sign(x) + x) + len(x)


@program(
    args=lambda rng: (rng.standard_normal(3),),
    seeds=1,
    expected=lambda x: np.array([0.0, 1.0, 0.0]),
)
def element_returned(x):
    return x[1]


@program(args=lambda rng: (2.5,), seeds=1, expected=lambda x: 1.0)
def argument_returned(x):
    return x


@program(args=lambda rng: (np.array([3, 1, 2]), rng.standard_normal(4)), argnums=1, analytic=True)
def integer_array_beside(index, x):
    s = 0.0
    for k in index:
        s = s * x[k] + x[k] ** 2
    for i in range(len(index)):
        s += x[index[i]] * index[i]
    return s


@program(args=lambda rng: (rng.standard_normal(200),), seeds=1, analytic=True)
def longer_vector(x):
    y = np.cos(x) * x
    for i in range(1, len(x)):
        y[i] += 0.5 * y[i - 1] * x[i]
    return np.sum(y * y)


@program(
    args=lambda rng: (rng.uniform(0.5, 1.5), rng.standard_normal(3)), argnums=(0, 1), analytic=True
)
def docstring_and_comments(x, v):
    """A docstring, which
    the derivative must step over."""
    # a comment
    y = x * x  # another
    "a string that stands alone"
    pass
    return y * np.sum(v)


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.uniform(0.5, 1.5)), argnums=(0, 1))
def names_that_clash(x, dx):
    d = x * dx
    dd = d * x
    d_x = dd + dx
    x_tape = d_x * d
    trips = 0
    for trip in range(3):
        trips = trips + x_tape * dx
        d = d * trips
    branch = d > -1e9
    if branch:
        d = d * dd
    return d + trips


@program(args=lambda rng: (rng.uniform(0.5, 1.5), rng.standard_normal(3)), argnums=(0, 1))
def annotated(x: float, v: np.ndarray) -> float:
    y: float = x * x
    s: float = 0.0
    for i in range(len(v)):
        t: float = v[i] * y
        s += t * t
    return s
