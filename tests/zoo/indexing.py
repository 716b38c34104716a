"""Reads through arrays of indices and masks, stores through masks, and `np.add.at`."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program

PLACES = np.array([0, 2, 2, 1])


def _vector(rng):
    return (rng.permutation([0.5, 1.5, -0.3, 2.2]),)


def _matrix(rng):
    return (rng.permuted([[0.5, 1.5, 0.2], [-0.3, 2.0, 0.7], [1.1, 0.4, -0.9]]),)


# ------------------------------------------------------------------ reads


@program(args=_vector)
def picked_by_mask(x):
    positive = x > 0
    return np.sum(x[positive] ** 2) + np.sum(np.sin(x[x > 1.0]) * x[x > 1.0])


@program(args=_vector, analytic=True)
def picked_by_indices(x):
    return np.sum(x[PLACES] ** 2 * np.arange(4.0)) + np.sum(x[[0, 2, 1]] ** 3)


@program(args=_vector, analytic=True)
def picked_of_a_product(x):
    return np.sum((x * x)[[0, 2, 2]] ** 2) + np.sum((2.0 * x)[PLACES])


@program(args=_vector, analytic=True)
def picked_twice(x):
    return np.sum(x[PLACES][1:] ** 2) + np.sum(x[PLACES][[0, 0]] ** 3)


@program(args=_matrix, analytic=True)
def mixed_keys(A):
    rows = np.array([0, 1, 1])
    a = A[1, np.array([0, 2, 2])] ** 2
    b = A[rows, 1:] ** 2 * A[:, [1, 1]]
    c = A[rows, np.array([0, 2, 2])] ** 2 * np.arange(3.0)
    d = A[rows][:, rows] * A[np.ix_([0, 2], [1, 1])].sum()
    return np.sum(a) + np.sum(b) + np.sum(c) + np.sum(d)


@program(args=lambda rng: (rng.standard_normal((3, 4, 5)),), analytic=True)
def axes_moved_by_keys(T):
    rows = np.array([0, 2, 2])
    a = T[rows, :, rows] ** 2
    b = T[0, :, rows] * T[:, 1, rows].T[:, :1]
    c = T[:, rows, None, 1] ** 3
    d = T[..., [1, 1]] * T[..., None, 0, :1]
    return np.sum(a) + np.sum(b) + np.sum(c) + np.sum(d)


@program(args=_matrix)
def masked_rows(A):
    m = A[:, 0] > 0
    return np.sum(A[m, 1:] ** 2) + np.sum(A[m][:, m] ** 2) + np.sum(A[0, m] ** 3) + np.sum(A[A > 1])


@program(args=_matrix, analytic=True)
def triangle_of_indices(A):
    i, j = np.triu_indices(3, 1)
    k = np.arange(3)
    return np.sum(A[i, j] ** 2) * np.sum(A[k, k] ** 3) + np.sum(A[np.tril_indices(3)] ** 2)


@program(args=_matrix, analytic=True)
def picked_from_views(A):
    return np.sum(A[:, 1:][np.array([0, 1, 1]), 0] ** 2) + np.sum(A.T[[0, 0, 2]] ** 3)


@program(args=_vector, analytic=True)
def picked_and_bound_anew(x):
    x = x[PLACES]
    x = x[PLACES] * x[0]
    return np.sum(x**2)


@program(args=_vector, analytic=True)
def picked_in_a_loop(x):
    total = 0.0
    places = np.array([0, 1, 1])
    for k in range(3):
        total = total + np.sum(x[places] ** 2)
        places = places[::-1] + (k % 2)
    return total


@program(args=_vector, analytic=True)
def picked_copy_is_written(x):
    y = x[PLACES]
    y[0] = 5.0 * x[1]
    return np.sum(y * y) + np.sum(x * x)


@program(args=_vector, analytic=True)
def picked_from_what_is_written(x):
    y = x * 1.0
    for k in range(3):
        y[k] = np.sum(y[PLACES] ** 2) * 0.3
    return np.sum(y)


@program(args=_vector, analytic=True)
def interpolated(x):
    t = np.array([0.3, 1.2, 2.7])
    i = np.floor(t).astype(int)
    w = t - i
    return np.sum(((1 - w) * x[i] + w * x[i + 1]) ** 2)


@program(args=_vector)
def ordered(x):
    order = np.argsort(x)
    (large,) = np.nonzero(x > 1.0)
    return np.sum(x[order] * np.arange(4.0)) + np.sum(x[large] ** 2) * x[np.flatnonzero(x < 0)[0]]


@program(args=_vector)
def shrinking_picks(x):
    y = x
    while len(y) > 1:
        y = y[y > np.mean(y)] * y[0]
    return np.sum(y)


@program(args=_vector, analytic=True)
def picked_by_a_list(x):
    places = [0, 0, 3]
    return np.sum(x[places] ** 2) * x[np.array(2)]


# ------------------------------------------------------------------ stores


@program(args=_vector)
def masked_stores(x):
    y = x * 1.0
    y[y < 0.4] = 3.0 * x[0]
    y[y > 1.9] *= y[0]
    y[y > 0.9] += x[0] ** 2
    return np.sum(y**2)


@program(args=_vector)
def masked_stores_of_parts(x):
    y = x * 1.0
    m = x > 0
    y[m] = y[m] ** 2 * x[m]
    y[m] = np.sin(y[m])
    return np.sum(y**2)


@program(args=_matrix)
def masked_stores_in_a_matrix(A):
    A[A > 0.6] = np.exp(A[A > 0.6])
    A[0][A[0] > 1.0] = 2.0
    A[A < 0] -= A[0, 0]
    return np.sum(A**2)


@program(args=_vector)
def masked_stores_in_a_loop(x):
    y = x * 1.0
    for _ in range(3):
        y[y > 1.0] = y[y > 1.0] * 0.5 * x[0]
        y = np.sin(y) * 2.0
    return np.sum(y**2)


@program(args=lambda rng: (rng.uniform(1.1, 1.6, 4),), analytic=False)
def keys_read_what_they_store_into(x):
    y = x * 1.0
    y[int(y[0])] = y[2] ** 2
    y[int(y[0]) :] *= y[1] ** 2
    return np.sum(y**2)


@program(args=_vector, analytic=True)
def added_at(x):
    y = np.zeros((3, 2)) + x[0]
    np.add.at(y, np.s_[np.array([0, 1, 1, 2]), 1:], x[:, None] ** 2)
    np.subtract.at(y, np.array([0, 0]), x[0] * x[1])
    return np.sum(y**3)


@program(args=_vector, analytic=True)
def added_to_what_is_read(x):
    y = x * x
    np.add.at(y, np.array([0, 0, 2]), y[1:] * y[0])
    return np.sum(y**3)


@program(args=_vector)
def counted(x):
    counts = np.zeros(4, dtype=int)
    total = 0.0
    for k in range(4):
        counts[counts[k]] += 1
        total = total + x[counts[0] - 1] ** 2 * x[k]
    return total
