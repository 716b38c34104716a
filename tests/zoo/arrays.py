"""Whole arrays, read by index and slice, reshaped and multiplied; nothing is stored into."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program

WEIGHTS = np.array([0.3, -1.2, 0.8, 0.5])


@program(
    args=lambda rng: (rng.standard_normal(5), rng.standard_normal(5)), argnums=(0, 1), analytic=True
)
def elementwise_chain(x, y):
    z = np.sin(x) * y - x / (2.0 + np.cos(y))
    z = z * z + np.exp(-x * x)
    return np.sum(z)


@program(args=lambda rng: (rng.uniform(0.1, 0.9, 4),), analytic=True)
def elementwise_functions(x):
    a = np.log(x) + np.log2(x) + np.log10(x) + np.log1p(x) + np.expm1(x)
    b = np.sin(x) + np.cos(x) + np.tan(x) + np.arcsin(x) + np.arccos(x) + np.arctan(x)
    c = np.sinh(x) + np.cosh(x) + np.tanh(x) + np.arcsinh(x) + np.arctanh(x)
    return np.sum(a * b + np.sqrt(x) * c + np.square(c))


@program(args=lambda rng: (rng.standard_normal(5), rng.standard_normal(5)), argnums=(0, 1), seeds=3)
def elementwise_kinks(x, y):
    z = np.abs(x) * y + np.maximum(x, y) - np.minimum(x, 0.3) + np.sign(y) * x
    return np.sum(z + np.floor(3.0 * x) * y)


@program(
    args=lambda rng: (rng.uniform(0.5, 2.0, 4), rng.uniform(0.5, 2.0, 4)),
    argnums=(0, 1),
    analytic=True,
)
def array_powers(x, y):
    return np.sum(x**y + x**2 + 2.0**x + x**-0.5 + (x * y) ** 3)


@program(args=lambda rng: (rng.standard_normal(6),), analytic=True)
def indices_and_slices(x):
    a = x[0] * x[-1] + x[2]
    b = np.sum(x[1:] * x[:-1])
    c = np.sum(x[::2] * x[1::2])
    d = np.sum(x[::-1] * x) + np.sum(x[-3:] ** 2) + x[4:1:-2][0]
    return a * b + c * d


@program(args=lambda rng: (rng.standard_normal((4, 5)), 2), analytic=True)
def matrix_slices(A, k):
    s = A[1, 2] * A[k][k] + A[-1, -1]
    r = np.sum(A[0] * A[k]) + np.sum(A[:, 1] * A[:, k])
    t = np.sum(A[1:3, 1:3] @ A[:2, 2:4]) + np.sum(A[:k, -1])
    return s * r + t * np.sum(A[::-1, ::2] ** 2)


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def new_axes(x):
    D = x[:, None] - x[None, :]
    E = x[np.newaxis] * D
    return np.sum(D**2 * E) + np.sum(E**2)


@program(args=lambda rng: (rng.standard_normal((3, 4)),), analytic=True)
def transposes(A):
    B = A.T @ A
    C = np.transpose(A) * 2.0
    return np.sum(B**2) + np.sum(C**3) + np.sum(A @ A.transpose() @ A)


@program(args=lambda rng: (rng.standard_normal((2, 3, 4)),), analytic=True)
def transposed_three_axes(T):
    U = np.transpose(T, (2, 0, 1))
    V = T.transpose(1, 2, 0)
    return np.sum(U[1] * U[2]) + np.sum(V[0] ** 3) + T[1, 2, 3] * V[2, 3, 0]


@program(args=lambda rng: (rng.standard_normal(12),), analytic=True)
def reshapes(x):
    A = x.reshape(3, 4)
    B = np.reshape(x, (4, 3))
    C = A @ B
    return np.sum(C.reshape(-1) ** 2 * np.sin(C).reshape(9))


@program(
    args=lambda rng: (
        rng.standard_normal((3, 4)),
        rng.standard_normal((4, 2)),
        rng.standard_normal(4),
    ),
    argnums=(0, 1, 2),
    analytic=True,
)
def products(A, B, v):
    C = A @ B
    d = A @ v
    e = v @ B
    f = v @ v
    return np.sum(np.sin(C)) + np.sum(d**2) * f + np.sum(e) * np.dot(v, v)


@program(
    args=lambda rng: (rng.standard_normal((3, 3)), rng.standard_normal(3)),
    argnums=(0, 1),
    analytic=True,
)
def dots(A, v):
    w = np.dot(A, v)
    B = np.dot(A, A)
    c = np.dot(2.0, v)
    return np.dot(w, c) + np.sum(np.matmul(B, A) * A.dot(A)) + v.dot(w)


@program(
    args=lambda rng: (rng.standard_normal((3, 3)), rng.standard_normal(3), 5),
    argnums=(0, 1),
    analytic=True,
)
def power_iteration(A, v, steps):
    for k in range(steps):
        v = A @ v
        v = v / np.sqrt(np.sum(v * v))
    return v @ A @ v


@program(args=lambda rng: (rng.standard_normal(4), rng.standard_normal((2, 3))), argnums=(0, 1))
def norms(x, A):
    a = np.linalg.norm(x)
    b = np.linalg.norm(A)
    return a * b + np.linalg.norm(x * a) ** 2


@program(args=lambda rng: (rng.standard_normal(4),), analytic=True)
def global_array(x):
    y = WEIGHTS * x + WEIGHTS[1]
    for i in range(len(WEIGHTS)):
        y = y * WEIGHTS[i] + np.sin(x)
    return np.sum(y)


@program(args=lambda rng: (rng.standard_normal((3, 4)),), analytic=True)
def shapes_read(A):
    n, m = A.shape
    s = 0.0
    for i in range(A.shape[0]):
        for j in range(m):
            s += A[i, j] ** 2 / (n * m)
    return s * A.size + len(A) * A[0, 0] + A.ndim


@program(
    args=lambda rng: (
        rng.standard_normal(3),
        rng.standard_normal((3, 3)),
        rng.standard_normal((3, 3)),
        rng.standard_normal((5, 3)),
    ),
    argnums=(0, 1, 2),
)
def recurrent_net(h, W, U, xs):
    loss = 0.0
    for x in xs:
        h = np.tanh(W @ h + U @ x)
        loss += np.sum((h - x) ** 2)
    return loss


@program(
    args=lambda rng: (
        rng.standard_normal((5, 3)),
        rng.standard_normal((3, 4)),
        rng.standard_normal(4),
        rng.standard_normal((4, 1)),
    ),
    argnums=(1, 2, 3),
)
def two_layer_net(X, W, b, V):
    hidden = np.maximum(X @ W + b, 0.0)
    out = 1.0 / (1.0 + np.exp(-(hidden @ V)))
    return np.mean((out - 0.5) ** 2)


@program(
    args=lambda rng: (rng.standard_normal(6), rng.uniform(0.2, 0.5, 6), 0.3, 4), argnums=(0, 1, 2)
)
def wave_rebound(u, c, dt, steps):
    previous = u * 1.0
    for t in range(steps):
        force = u[2:] - 2.0 * u[1:-1] + u[:-2] - np.sin(u[1:-1])
        inner = 2.0 * u[1:-1] - previous[1:-1] + (dt * c[1:-1]) ** 2 * force
        new = np.zeros(len(u))
        new[1:-1] = inner
        previous, u = u, new
    return np.sum(u**2)


@program(
    args=lambda rng: (rng.standard_normal(3), rng.standard_normal(3)), argnums=(0, 1), analytic=True
)
def arrays_swapped(x, y):
    for k in range(3):
        x, y = y * 1.1, x * y
    x, y = y, x
    return np.sum(x * np.sin(y))


@program(args=lambda rng: (rng.standard_normal(4), rng.standard_normal(4)), argnums=(0, 1), seeds=4)
def array_chosen_by_branch(x, y):
    if np.sum(x) > np.sum(y):
        z = x
    else:
        z = y * 2.0
    w = x if z[0] > 0.0 else z
    return np.sum(z * w * y)


@program(
    args=lambda rng: (rng.standard_normal(4), rng.uniform(0.5, 1.0)), argnums=(0, 1), analytic=True
)
def array_built_from_scalars(x, a):
    y = np.array([a, x[0] * a, 2.0, x[1]])
    A = np.array([[a, 1.0], [x[2], a * a]])
    return np.sum(y * x) + np.sum(A @ A)


@program(
    args=lambda rng: (rng.standard_normal(3), rng.uniform(0.5, 1.0)), argnums=(0, 1), analytic=True
)
def filled_arrays(x, a):
    y = np.full(3, a) * x + np.ones(3) * a - np.zeros_like(x)
    z = np.full_like(x, a * a) + np.ones_like(x)
    return np.sum(y * z)
