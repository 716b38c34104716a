"""Linear systems, inverses, determinants and factors."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


def _matrix(rng):
    return (rng.uniform(-1.0, 1.0, (3, 3)) + 2.0 * np.eye(3),)


def _stack(rng):
    return (rng.uniform(-1.0, 1.0, (2, 3, 3)) + 2.0 * np.eye(3),)


@program(args=_matrix, dual=False, analytic=True)
def solved(A):
    x = np.linalg.solve(A, A[:, 0] ** 2)
    Y = np.linalg.solve(A, A.T)
    return np.sum(x**2) + np.sum(Y * A)


@program(args=_stack, dual=False, analytic=True)
def solved_stacks(A):
    X = np.linalg.solve(A, A * A)
    Y = np.linalg.solve(A[0], A)
    Z = np.linalg.solve(A, A[1])
    return np.sum(X**2) + np.sum(Y * Z)


@program(args=_matrix, dual=False, analytic=True)
def solved_in_a_loop(A):
    x = A[0]
    for _ in range(3):
        x = np.linalg.solve(A, x) + 0.1 * A[1]
    return np.sum(x * x)


@program(args=_matrix, dual=False, analytic=True)
def inverted(A):
    B = np.linalg.inv(A)
    return np.sum(B**2) + B[0, 1]


@program(args=_matrix, dual=False, analytic=True)
def volume(A):
    return np.linalg.det(A) ** 2


@program(args=_stack, dual=False, analytic=True)
def volumes(A):
    return np.sum(np.linalg.det(A) ** 2) + np.sum(np.linalg.inv(A))


@program(args=_matrix, dual=False)
def logarithm_of_volume(A):
    sign, logarithm = np.linalg.slogdet(A)
    return sign * logarithm**2 + np.linalg.slogdet(A @ A)[1]


@program(args=_matrix, dual=False)
def volume_as_a_pair(A):
    pair = np.linalg.slogdet(A)
    return pair[0] * pair[1]


@program(args=_matrix, dual=False)
def factored(A):
    L = np.linalg.cholesky(A @ A.T + np.eye(3))
    return np.sum(L**3) + L[2, 0]


@program(args=_matrix, dual=False)
def likelihood(A):
    K = np.exp(-((A[:, :1] - A[:, 0]) ** 2)) + 0.1 * np.eye(3)
    L = np.linalg.cholesky(K)
    w = np.linalg.solve(L, A[:, 1])
    i = np.arange(3)
    return -0.5 * w @ w - np.sum(np.log(L[i, i]))


@program(args=_matrix, analytic=True, dual=False)
def triangles(A):
    return np.sum(np.tril(A) @ np.triu(A, 1)) + np.sum(np.tril(A * A, -1) ** 2)
