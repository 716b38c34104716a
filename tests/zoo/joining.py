"""Arrays joined, stacked, repeated, reordered and summed along: both modes go through them."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program

EVERY_OTHER = np.array([0, 2, 2])


def _vectors(rng):
    return rng.uniform(0.5, 1.5, 4), rng.uniform(-1.0, 1.0, 3)


def _matrix(rng):
    return (rng.uniform(0.5, 1.5, (3, 4)),)


def _square(rng):
    return rng.uniform(0.5, 1.5, (3, 3)), rng.uniform(-1.0, 1.0, 3)


@program(args=_vectors, argnums=(0, 1), analytic=True)
def concatenated(x, y):
    z = np.concatenate((np.sin(x), [0.0, y[0]], x[1:] * y))
    return np.sum(z**2 * np.arange(len(z)))


@program(args=_vectors, argnums=(0, 1), analytic=True)
def padded_periodically(x, y):
    padded = np.concatenate(([x[-1]], x, [x[0]]))
    flux = padded[2:] - 2.0 * padded[1:-1] + padded[:-2]
    return np.sum(flux * x) + np.sum(np.append(y, flux) ** 2)


@program(args=_vectors, argnums=(0, 1), analytic=True)
def grown_by_appending(x, y):
    for i in range(3):
        x = np.append(x, y[i] * x[i])
    return np.sum(x**2)


@program(args=_vectors, argnums=(0, 1), analytic=True)
def stacked_rows_and_columns(x, y):
    A = np.stack((x, x**2, 2.0 * x), axis=1)
    B = np.vstack([A, y, np.hstack((y[:2], 1.5))])
    C = np.column_stack((x, A @ np.array([1.0, 2.0, 3.0])))
    return np.sum(B**2) + np.sum(C[:, 0] * C[:, 1]) + np.sum(np.dstack((x, x))[..., 1] ** 3)


@program(args=_vectors, argnums=(0, 1), analytic=True)
def repeated_and_tiled(x, y):
    a = np.repeat(x, 3) * np.tile(x, 3)
    b = np.repeat(y, np.array([2, 0, 1])) ** 2
    return np.sum(a * np.arange(12.0)) + np.sum(b) + np.sum(np.tile(y, (2, 2)) ** 2)


@program(args=_matrix, analytic=True)
def reordered(A):
    a = np.roll(A, 1, axis=0) * A + np.roll(A, 2)
    b = np.flip(A, 1) * np.flipud(A) * np.fliplr(A) + np.flip(A)
    return np.sum(a * b) + np.sum(np.rot90(A) ** 2 * np.arange(12.0).reshape(4, 3))


@program(args=_matrix, analytic=True)
def taken(A):
    a = np.take(A, EVERY_OTHER, axis=1) ** 2 + np.take(A, 5)
    return np.sum(a * A[:, :3]) + np.sum(A.take(1, axis=0) ** 3) + np.take(A[0], -1)


@program(args=_matrix, analytic=True)
def running_sums(A):
    a = np.cumsum(A, axis=0) * A.cumsum(axis=1) + np.cumsum(A).reshape(3, 4)
    return np.sum(a**2) + np.sum(np.diff(A, axis=0) ** 2) + np.sum(np.diff(A[0], 2) ** 2)


@program(args=lambda rng: (np.zeros(0), 2.0), argnums=(0, 1), analytic=True)
def of_nothing(x, a):
    b = np.concatenate((x, [a], x)) ** 2
    return np.sum(b) + np.sum(np.diff(x)) + np.sum(np.cumsum(x)) + np.sum(np.diag(a * x))


@program(args=_square, argnums=(0, 1), analytic=True)
def diagonals_and_traces(A, v):
    a = np.trace(A @ A) * np.sum(np.diag(A) ** 3) + np.trace(A, 1)
    return a + np.sum(np.diag(v, 1)[:3, :3] * A) + np.sum(np.diagonal(A, -1) * v[:2])


@program(args=_square, argnums=(0, 1), analytic=True)
def einstein_sums(A, v):
    a = np.einsum("ij,jk->ik", A, A) + np.einsum("ij->ji", A) * np.einsum("i,j", v, v)
    b = np.einsum("ii->", A) ** 2 + np.einsum("i,ij,j->", v, A, v) + np.einsum("ii->i", A) @ v
    return np.sum(a**2) + b + np.sum(np.einsum("...j->...", A) * v)


@program(args=_square, argnums=(0, 1))  # np.vdot conjugates: no complex step
def products_of_all_sorts(A, v):
    a = np.outer(A, v).reshape(3, 3, 3)
    b = np.tensordot(a, A, ((1, 2), (0, 1))) * np.inner(A, v) + np.tensordot(v, A, 1)
    return np.sum(b**2) + np.vdot(A, A.T) * np.inner(v, v)


@program(args=_vectors, argnums=(0, 1), analytic=True)
def between_ends(x, y):
    return np.sum(np.linspace(x[0], y[0], 5) ** 2) + np.sum(np.linspace(x[:3], y, 4) ** 3)
