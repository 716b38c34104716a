"""Stores into arrays: elements, slices, rows, columns, whole; in loops, over themselves."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


def _dominant(rng, n):
    A = rng.uniform(0.1, 1.0, (n, n))
    return A + n * np.eye(n)


@program(args=lambda rng: (_dominant(rng, 4),), analytic=True)
def logdet(A):
    for i in range(len(A)):
        for j in range(i):
            A[i, j] = (A[i, j] - A[i, :j] @ A[:j, j]) / A[j, j]
        A[i, i:] -= A[i, :i] @ A[:i, i:]
    s = 0.0
    for i in range(len(A)):
        s += np.log(A[i, i])
    return s


@program(args=lambda rng: (_dominant(rng, 4),))
def cholesky(A):
    n = len(A)
    L = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = A[i, j] * 0.5 + A[j, i] * 0.5
            for k in range(j):
                s -= L[i, k] * L[j, k]
            if i == j:
                L[i, i] = np.sqrt(s)
            else:
                L[i, j] = s / L[j, j]
    return np.sum(L**2 * L)


@program(args=lambda rng: (rng.uniform(-0.3, 0.3, 5),), analytic=True)
def durbin(r):
    y = np.empty_like(r)
    y[0] = -r[0]
    alpha = -r[0]
    beta = 1.0
    for k in range(1, len(r)):
        beta *= 1.0 - alpha * alpha
        s = r[k]
        for i in range(k):
            s += r[k - 1 - i] * y[i]
        alpha = -s / beta
        z = np.zeros(len(r), dtype=r.dtype)
        for i in range(k):
            z[i] = y[i] + alpha * y[k - 1 - i]
        for i in range(k):
            y[i] = z[i]
        y[k] = alpha
    return np.sum(y**2)


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def element_stores(x):
    y = np.zeros_like(x)
    for i in range(len(x)):
        y[i] = x[i] * x[i]
    y[0] = y[1] * y[2]
    y[-1] = 3.0
    return np.sum(y * x)


@program(args=lambda rng: (rng.standard_normal(5),), analytic=True)
def element_overwritten_twice(x):
    x[2] = x[1] * x[2]
    x[2] = x[2] * x[2]
    x[1] = x[2] * x[0]
    x[2] = 0.5
    return np.sum(x * x)


@program(
    args=lambda rng: (rng.standard_normal(5), rng.standard_normal()), argnums=(0, 1), analytic=True
)
def augmented_elements(x, a):
    for i in range(1, len(x)):
        x[i] += a * x[i - 1]
        x[i - 1] *= x[i]
        x[i] -= np.sin(x[i])
        x[i] /= 1.0 + a * a
    x[0] **= 2
    return np.sum(x)


@program(args=lambda rng: (rng.standard_normal(5), 2, 2), analytic=True)
def same_index_at_run_time(A, i, j):
    A[i] = A[j] * A[j]
    A[j] = A[i] * 2.0 + A[0]
    A[i] += A[j] * A[i]
    return np.sum(A**2)


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def stored_into_itself(A):
    for i in range(len(A)):
        for j in range(len(A)):
            A[i] = A[j] * 0.9 + 0.1 * A[i]
    return np.sum(A**3)


@program(args=lambda rng: (rng.standard_normal(5), 0.8), argnums=(0, 1), analytic=True)
def overlapping_slices(a, c):
    a[1:] = a[:-1] * c
    a[:-1] = a[1:] + a[:-1] * c
    a[::2] += a[::2] * a[::2]
    return np.sum(a * a)


@program(args=lambda rng: (rng.standard_normal(6),))
def slices_stored(x):
    y = np.zeros(6)
    y[1:4] = x[:3] * x[3:]
    y[::2] *= x[::2]
    y[3:] -= x[1]
    y[:2] = 2.0
    y[2:3] = x[0] * x[5]
    return np.sum(y**2 * x)


@program(args=lambda rng: (rng.standard_normal(6), 3), analytic=True)
def stencil_by_slices(u, steps):
    for t in range(steps):
        u[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2.0 * u[1:-1] + u[:-2]) - 0.05 * u[1:-1] ** 3
    return np.sum(u**2)


@program(
    args=lambda rng: (rng.standard_normal(4), rng.standard_normal(4)), argnums=(0, 1), analytic=True
)
def whole_array_augmented(b, c):
    b *= 2
    b += c
    b *= b
    b -= c * b
    b /= 2.0 + c * c
    return np.sum(b)


@program(
    args=lambda rng: (
        rng.standard_normal((3, 4)),
        rng.standard_normal(4),
        rng.standard_normal((3, 1)),
        0.7,
    ),
    argnums=(0, 1, 2, 3),
    analytic=True,
)
def whole_array_broadcast(B, row, column, a):
    B += row
    B *= column
    B -= a
    B *= a * B
    return np.sum(B)


@program(
    args=lambda rng: (rng.standard_normal(4), rng.standard_normal()), argnums=(0, 1), analytic=True
)
def whole_array_replaced(x, a):
    y = x * x
    y[:] = a
    y[:] = y * x
    x[...] = np.sin(y)
    return np.sum(x * y)


@program(
    args=lambda rng: (rng.standard_normal((3, 4)), rng.standard_normal(4)),
    argnums=(0, 1),
    analytic=True,
)
def rows_and_columns(A, v):
    A[0] = v * A[1]
    A[:, 1] = A[:, 2] * A[:, 0]
    A[1, :] += v
    A[2, 1:3] *= v[:2]
    A[1:, 3] = 0.3
    return np.sum(A * A)


@program(args=lambda rng: (rng.standard_normal((3, 3)),))
def rows_stored_in_loop(A):
    n = len(A)
    B = np.empty((n, n))
    for i in range(n):
        B[i] = A[i] * A[(i + 1) % n]
        B[i, i] = A[i, i] * 2.0
        A[i] = B[i] * A[i]
    return np.sum(A * B)


@program(args=lambda rng: (rng.standard_normal(3), 2.0), argnums=(0, 1))
def broadcast_into_matrix(v, a):
    A = np.zeros((2, 3))
    A[:] = v
    A[0, :] = a
    A[:, 2] = v[0] * a
    A[1] *= v
    return np.sum(A**3)


@program(args=lambda rng: (rng.standard_normal((2, 3, 2)),), analytic=True)
def three_axes_stored(T):
    T[0] *= T[1]
    T[1, 2] = T[0, 1] + T[0, 0, 1]
    T[:, 0, :] -= T[:, 1, :]
    T[1, 1, 1] = T[0, 0, 0] ** 2
    return np.sum(T * T)


@program(args=lambda rng: (rng.standard_normal(5),), seeds=4)
def store_in_branch(x):
    y = x * 1.0
    for i in range(len(x)):
        if x[i] > 0.0:
            y[i] = x[i] * x[i]
        elif i > 0:
            y[i] = y[i - 1]
    return np.sum(y * x)


@program(args=lambda rng: (rng.standard_normal(5),), seeds=4)
def store_changes_the_test(x):
    for i in range(len(x)):
        if x[i] > 0.3:
            x[i] = -x[i] * x[i]
        else:
            x[i] = x[i] + 0.7
    return np.sum(x**2)


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def bubble_of_neighbours(x):
    for i in range(len(x) - 1):
        x[i], x[i + 1] = x[i + 1] * 2.0, x[i] * x[i + 1]
    return np.sum(x * x)


@program(args=lambda rng: (rng.standard_normal(5),), seeds=3)
def bubble_sort(x):
    for i in range(len(x)):
        for j in range(len(x) - 1 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
    s = 0.0
    for i in range(len(x)):
        s += (i + 1) * x[i] ** 2
    return s


@program(args=lambda rng: (rng.standard_normal(5),))
def prefix_sums(x):
    y = np.zeros(len(x) + 1)
    for i in range(len(x)):
        y[i + 1] = y[i] + x[i] * x[i]
    return np.sum(np.sin(y))


@program(args=lambda rng: (rng.uniform(0.0, 1.0, 6), rng.uniform(0.2, 0.8, 6)), argnums=(0, 1))
def histogram_by_index(x, w):
    bins = np.zeros(3)
    for i in range(len(x)):
        k = int(x[i] * 3.0)
        bins[k] += w[i] * x[i]
    return np.sum(bins**2)


@program(
    args=lambda rng: (rng.standard_normal((3, 3)), rng.standard_normal((3, 3))), argnums=(0, 1)
)
def matmul_by_loops(A, B):
    C = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            for k in range(3):
                C[i, j] += A[i, k] * B[k, j]
    return np.sum(C * C)


@program(args=lambda rng: (rng.standard_normal(4), 3))
def array_rebuilt_each_trip(x, n):
    for t in range(n):
        y = np.zeros(len(x))
        for i in range(len(x)):
            y[i] = x[i] * x[i - 1]
        x = y * 0.5 + x
    return np.sum(x * y)


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def copies_stored_into(x):
    y = x.copy()
    z = np.copy(y)
    y[0] = x[1] * z[2]
    z[1] *= y[0]
    x[3] = y[3] * z[3]
    return np.sum(x * y * z)


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def argument_stored_then_read(x):
    s = np.sum(x * x)
    x[0] = s * x[1]
    s = s + x[0] ** 2
    x[1] = 0.0
    return s * np.sum(x)


@program(args=lambda rng: (rng.standard_normal(3), rng.standard_normal(3)), argnums=(0, 1))
def passive_storage(x, y):
    z = np.zeros(3)
    for i in range(3):
        z[i] = 0.5 * i
    w = z * x
    z[1] = x[1]
    return np.sum(w * z * y)


@program(args=lambda rng: (rng.standard_normal(4),))
def store_whose_value_is_never_read(x):
    y = np.zeros(4)
    s = 0.0
    for i in range(4):
        y[i] = x[i] ** 2
        s += x[i]
    y[0] = s
    return s * s
