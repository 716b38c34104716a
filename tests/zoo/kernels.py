"""Small numerical kernels in place, as benchmarks of compilers have them."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program


def _column(rng):
    return rng.uniform(0.2, 1.0, (4, 3)), rng.uniform(0.5, 1.5, (4, 3))


@program(args=_column, argnums=(0, 1), dual=False)
def upwind_fluxes(u, c):
    """What a store takes its seed from is zeroed while parts of the seed are still wanted."""
    D = np.zeros((3, 3))
    for k in range(3):
        speed = c[k] * u[k]
        correction = -speed * (u[k + 1] - u[k])
        D[k] = u[k] + correction
    return np.sum(D * D)


def _points(rng):
    return rng.uniform(-1.0, 1.0, (5, 3)), rng.uniform(0.5, 1.5, 5)


@program(args=_points, argnums=(0, 1), dual=False)
def weighted_histogram(points, mass):
    """Mass by distance from the origin, in bins that follow the points."""
    distance = np.sqrt(np.sum(points**2, axis=1))
    count = np.histogram(distance, 3)[0]
    total, edges = np.histogram(distance, 3, weights=mass)
    return np.sum(total**2) + edges[1] * edges[2] + np.sum(count)


@program(args=_points, argnums=(0, 1), dual=False)
def histogram_between_ends(points, mass):
    edges = np.array([-0.9, -0.2, 0.3, 0.8])
    inside = np.histogram(points[:, 0], edges, weights=mass)[0]
    ranged = np.histogram(points[:, 1], 3, (-0.7, 0.6), weights=mass * mass)[0]
    return np.sum(inside**3) + np.sum(ranged * inside)


@program(args=_points, argnums=0, dual=False)
def principal_spread(points, mass):
    C = np.cov(points.T)
    D = np.cov(points, rowvar=False, bias=True)
    c = np.cov(points[:, 0], points[:, 1] * mass)
    return np.sum(C * np.arange(9.0).reshape(3, 3)) + np.trace(D @ C) + c[0, 1] * c[1, 1]


def _graph(rng):
    return (rng.uniform(1.0, 9.0, (4, 4)),)


@program(args=_graph, dual=False)
def shortest_ways(length):
    """All pairs at once: by way of each node in turn."""
    for k in range(len(length)):
        length[:] = np.minimum(length, np.add.outer(length[:, k], length[k]))
    return np.sum(length * np.arange(16.0).reshape(4, 4))


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3), rng.uniform(0.5, 1.5, (2, 2))), argnums=(0, 1))
def tables(x, A):
    """Outer combinations, and reductions called by the ufunc's name."""
    sums, quotients = np.add.outer(x, A), np.divide.outer(A, x)
    powers = np.power.outer(x, x)
    total = np.sum(sums * sums) + np.sum(quotients**2) + np.sum(powers)
    total += np.add.reduce(A)[1] * np.multiply.reduce(x) + np.add.reduce(A, axis=1)[0]
    return total + np.maximum.reduce(x) * np.sum(np.add.accumulate(A)) + np.minimum.reduce(x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3),))
def framed(x):
    """A vector between its boundary values, and columns side by side."""
    y = np.r_[0.0, x, x[0] * x[1], 1.0]
    A = np.c_[x, x**2]
    return np.sum(np.diff(y) ** 2) + np.sum(A[:, 0] * A[:, 1]) + np.sum(np.r_[0:3] * x)


@program(args=lambda rng: (rng.uniform(0.5, 1.5, 3),))
def on_a_grid(x):
    i, j = np.mgrid[0:3, 0:4]
    waves = np.sin(x[0] * i + x[1] * j)
    X, Y = np.ogrid[0:3, 0.0:1.0:4j]
    return np.sum(waves * waves) + np.sum(np.exp(-x[2] * (X + Y) ** 2))


@program(args=lambda rng: (rng.uniform(0.5, 1.5, (3, 4)),), dual=False)
def allocated_by_class(A):
    """`np.ndarray` makes an array as `np.empty` does."""
    m, n = A.shape
    B = np.ndarray((m, n), dtype=A.dtype)
    s = np.ndarray(m)
    for i in range(m):
        B[i] = A[i] ** 2
        s[i] = np.sum(B[i])
    return np.sum(s * s)


@program(args=_points, argnums=(0, 1), dual=False, seeds=1)
def gravity(points, mass):
    """The distance of a body from itself is zero, and counts for nothing."""
    x = points[:, 0:1]
    y = points[:, 1:2]
    dx, dy = x.T - x, y.T - y
    inverse = np.sqrt(dx**2 + dy**2)
    inverse[inverse > 0] = 1.0 / inverse[inverse > 0]
    potential = -np.sum(np.triu(np.outer(mass, mass) * inverse, 1))
    pull = (dx * inverse**3) @ mass
    return potential + np.sum(pull**2)


@program(args=_points, argnums=0, dual=False, seeds=1)
def directions(points, mass):
    """Angles and roots of what is zero on the diagonal, whose sum leaves the diagonal out."""
    dx = points[:, 0][:, None] - points[:, 0]
    dy = points[:, 1][:, None] - points[:, 1]
    angle = np.arctan2(dy, dx)
    root = (dx * dx) ** 0.25 + np.cbrt(dy)
    apart = ~np.eye(len(points), dtype=bool)
    return np.sum(np.where(apart, angle * root, 0.0)) + np.sum(root[apart])
