"""Programs as scientists write them: loops over arrays that are written into, in many fields."""

from __future__ import annotations

import numpy as np

from tests.zoo.registry import program

HALF = 0.5


def _arrays(*shapes):
    def make(rng):
        return tuple(rng.uniform(0.2, 1.0, shape) for shape in shapes)

    return make


# --- stencils -----------------------------------------------------------------------------------


@program(args=_arrays((5, 6), (5, 6)), argnums=(0, 1), analytic=True, dual=False)
def leapfrog_waves(u, c):
    """Three time levels, the oldest overwritten by the newest."""
    old = u.copy()
    for _ in range(3):
        new = np.zeros_like(u)
        curl = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
        new[1:-1, 1:-1] = 2.0 * u[1:-1, 1:-1] - old[1:-1, 1:-1] + 0.1 * c[1:-1, 1:-1] ** 2 * curl
        new[0], new[-1] = new[1], new[-2]
        new[:, 0] = 0.0
        old, u = u, new
    return np.sum(u * u)


@program(args=_arrays((5, 5), ()), argnums=(0, 1), analytic=True, dual=False)
def relaxed_in_place(A, omega):
    """Gauss-Seidel: a row reads what has just been stored to its left."""
    m, n = A.shape
    for _ in range(2):
        for i in range(1, m - 1):
            A[i, 1:-1] += 0.1 * (A[i - 1, 1:-1] + A[i + 1, 1:-1] + A[i - 1, :-2])
            for j in range(1, n - 1):
                A[i, j] += omega * A[i, j - 1] * A[i, j]
                A[i, j] /= 2.0
    return np.sum(A**2)


@program(args=_arrays((6, 7, 2), (2, 3, 2)), argnums=(0, 1), dual=False)
def limited_diffusion(field, coefficient):
    """Fluxes are cut off where they would go against the gradient."""
    m, n, _ = coefficient.shape
    laplacian = 4.0 * field[1:-1, 1:-1] - (
        field[2:, 1:-1] + field[:-2, 1:-1] + field[1:-1, 2:] + field[1:-1, :-2]
    )
    flux = laplacian[1:, 1 : n + 1] - laplacian[:-1, 1 : n + 1]
    gradient = field[2 : m + 3, 2 : n + 2] - field[1 : m + 2, 2 : n + 2]
    flux = np.where(flux[: m + 1] * gradient > 0, 0, flux[: m + 1])
    out = np.empty_like(coefficient)
    out[:, :, :] = field[2 : m + 2, 2 : n + 2] - coefficient * (flux[1:] - flux[:-1])
    return np.sum(out * np.cos(out))


@program(args=_arrays((3, 5), (3, 5), (4, 5), ()), argnums=(0, 1, 2, 3), analytic=True, dual=False)
def implicit_columns(tendency, velocity, wind, dt):
    """Tridiagonal systems, a column each: elimination downwards, substitution upwards."""
    m, n = tendency.shape
    upper = np.ndarray((m, n), dtype=tendency.dtype)
    right = np.ndarray((m, n), dtype=tendency.dtype)
    last = np.empty(m, dtype=tendency.dtype)
    for k in range(n):
        w = 0.25 * (wind[1:, k] + wind[:-1, k])
        lower = -w * HALF
        upper[:, k] = w * HALF
        diagonal = dt + 2.0 - lower - upper[:, k]
        right[:, k] = dt * velocity[:, k] + tendency[:, k]
        if k > 0:
            scale = 1.0 / (diagonal - upper[:, k - 1] * lower)
            upper[:, k] = upper[:, k] * scale
            right[:, k] = (right[:, k] - right[:, k - 1] * lower) * scale
        else:
            scale = 1.0 / diagonal
            upper[:, k] *= scale
            right[:, k] *= scale
    for k in range(n - 1, n - 2, -1):
        column = right[:, k]
        last[:] = column
        tendency[:, k] = dt * (column - velocity[:, k])
    for k in range(n - 2, -1, -1):
        column = right[:, k] - upper[:, k] * last[:]
        last[:] = column
        tendency[:, k] = dt * (column - velocity[:, k])
    return np.sum(tendency**2)


@program(args=_arrays((5, 4), ()), argnums=(0, 1), analytic=True, dual=False)
def recursive_smoothing(image, alpha):
    """A causal and an anti-causal filter along one axis, then along the other."""
    decay = np.exp(-alpha)
    gain = (1.0 - decay) ** 2 / (1.0 + 2.0 * alpha * decay - decay * decay)
    ahead, behind = np.empty_like(image), np.empty_like(image)
    ahead[:, 0] = gain * image[:, 0]
    ahead[:, 1] = gain * image[:, 1] + decay * ahead[:, 0]
    for j in range(2, image.shape[1]):
        ahead[:, j] = gain * image[:, j] + decay * ahead[:, j - 1] - 0.1 * ahead[:, j - 2]
    behind[:, -1] = 0.0
    for j in range(image.shape[1] - 2, -1, -1):
        behind[:, j] = gain * image[:, j + 1] + decay * behind[:, j + 1]
    out = 0.5 * (ahead + behind)
    for i in range(1, image.shape[0]):
        ahead[i, :] = gain * out[i, :] + decay * ahead[i - 1, :]
    out[:] = ahead * behind
    return np.sum(out)


@program(args=_arrays((5, 5), (5, 5)), argnums=(0, 1), dual=False)
def until_steady(u, p):
    """A flow that is stepped until it changes little: how often depends on it."""
    change, steps = 1.0, 0
    while change > 0.05:
        before = u.copy()
        for _ in range(2):
            q = p.copy()
            p[1:-1, 1:-1] = 0.25 * (q[1:-1, 2:] + q[1:-1, :-2] + q[2:, 1:-1] + q[:-2, 1:-1])
            p[1:-1, -1] = 0.5 * (q[1:-1, 0] + q[1:-1, -2])
            p[-1, :] = p[-2, :]
            p[0, :] = p[1, :]
        u[1:-1, 1:-1] = before[1:-1, 1:-1] * (
            1.0 - 0.2 * (before[1:-1, 1:-1] - before[1:-1, :-2])
        ) + 0.05 * (p[1:-1, 2:] - p[1:-1, :-2] + 1.0)
        u[0, :] = 0
        u[-1, :] = 1
        change = (np.sum(u) - np.sum(before)) / np.sum(u)
        steps += 1
    return np.sum(u * u) + np.sum(p) / steps


# --- linear algebra by loops --------------------------------------------------------------------


def _positive(rng):
    A = rng.uniform(-1.0, 1.0, (4, 4))
    return A @ A.T + 4.0 * np.eye(4), rng.uniform(0.5, 1.5, 4)


@program(args=_positive, argnums=(0, 1), analytic=True, dual=False)
def factors_and_solution(A, b):
    x, y = np.zeros_like(b), np.zeros_like(b)
    n = len(b)
    for i in range(n):
        for j in range(i):
            A[i, j] -= A[i, :j] @ A[:j, j]
            A[i, j] /= A[j, j]
        for j in range(i, n):
            A[i, j] -= A[i, :i] @ A[:i, j]
    for i in range(n):
        y[i] = b[i] - A[i, :i] @ y[:i]
    for i in range(n - 1, -1, -1):
        x[i] = (y[i] - A[i, i + 1 :] @ x[i + 1 :]) / A[i, i]
    return np.sum(x * x) + A[n - 1, n - 1]


@program(args=_positive, argnums=0, analytic=True, dual=False)
def orthogonalised(A, b):
    Q = np.zeros_like(A)
    R = np.zeros((A.shape[1], A.shape[1]), dtype=A.dtype)
    for k in range(A.shape[1]):
        R[k, k] = np.sqrt(np.dot(A[:, k], A[:, k]))
        Q[:, k] = A[:, k] / R[k, k]
        for j in range(k + 1, A.shape[1]):
            R[k, j] = np.dot(Q[:, k], A[:, j])
            A[:, j] -= Q[:, k] * R[k, j]
    return np.sum(R**2) + Q[0] @ Q[1] + Q[2] @ b


@program(args=lambda rng: (rng.uniform(0.05, 0.3, 5),), analytic=True, dual=False)
def levinson(r):
    """A Toeplitz system, each solution made of the shorter one and its mirror image."""
    y = np.empty_like(r)
    alpha, beta = -r[0], 1.0
    y[0] = -r[0]
    for k in range(1, len(r)):
        beta *= 1.0 - alpha * alpha
        alpha = -(r[k] + np.dot(np.flip(r[:k]), y[:k])) / beta
        y[:k] += alpha * np.flip(y[:k])
        y[k] = alpha
    return np.sum(y * y)


@program(args=_arrays((4, 3), ()), argnums=0, dual=False)
def correlations(data, n):
    spread = np.std(data, axis=0)
    spread[spread <= 0.01] = 1.0
    data -= np.mean(data, axis=0)
    data /= np.sqrt(4.0) * spread
    m = data.shape[1]
    C = np.eye(m, dtype=data.dtype)
    for i in range(m - 1):
        C[i + 1 : m, i] = C[i, i + 1 : m] = data[:, i] @ data[:, i + 1 : m]
    return np.sum(C * C) + np.sum(C[0] * np.arange(3.0))


@program(args=_arrays((3, 3), (3, 4), ()), argnums=(0, 1, 2), analytic=True, dual=False)
def rank_updates(C, A, alpha):
    """The lower triangle alone is scaled and added to."""
    row = np.empty((C.shape[1],), dtype=C.dtype)
    for i in range(A.shape[0]):
        C[i, : i + 1] *= alpha
        for k in range(A.shape[1]):
            C[i, : i + 1] += alpha * A[i, k] * A[: i + 1, k]
            row[: i + 1] = A[: i + 1, k] * C[i, i]
        C[i, :] += 0.1 * row[i]
    return np.sum(C**2)


# --- sparse, complex and layered ----------------------------------------------------------------


@program(args=_arrays(6, 4), argnums=(0, 1), analytic=True, dual=False)
def sparse_product(values, x):
    """Rows given by where they start, and each entry's column."""
    starts = np.array([0, 2, 3, 3, 6], dtype=np.uint32)
    columns = np.array([0, 3, 1, 0, 2, 2], dtype=np.uint32)
    y = np.empty(starts.size - 1, values.dtype)
    for i in range(starts.size - 1):
        where = columns[starts[i] : starts[i + 1]]
        y[i] = values[starts[i] : starts[i + 1]] @ x[where]
    return np.sum(y * y)


def _pencil(rng):
    return rng.uniform(-1.0, 1.0, (3, 2, 2)), rng.uniform(-1.0, 1.0, (3, 2, 2)), 1.3


@program(args=_pencil, argnums=(0, 1, 2), dual=False)
def around_a_contour(even, odd, radius):
    """Resolvents of a matrix polynomial, summed over points of a circle."""
    H = even + 1j * odd
    total = np.zeros((2, 2), dtype=np.complex128)
    moment = np.zeros((2, 2), dtype=np.complex128)
    for z in radius * np.exp(2j * np.pi * np.arange(3) / 3.0):
        T = np.zeros((2, 2), dtype=np.complex128)
        for n in range(3):
            T += np.power(z, 1.0 - n) * H[n]
        X = np.linalg.solve(T + 4.0 * np.eye(2), H[0])
        if abs(z) < 1.0:
            X = -X
        total += X
        moment += z * X
    return np.sum(np.abs(total) ** 2) + np.sum(moment.real) - np.sum(moment.imag)


def _signal(rng):
    return 2, 3, rng.uniform(-1.0, 1.0, 8), rng.uniform(-1.0, 1.0, 8)


@program(args=_signal, argnums=(2, 3), dual=False)
def transform_by_stages(radix, stages, even, odd):
    """A Fourier transform whose stages permute through other shapes of one buffer."""
    x = even + 1j * odd
    n = radix**stages
    i, j = np.mgrid[0:radix, 0:radix]
    butterfly = np.exp(-2.0j * np.pi * i * j / radix)
    ii, jj = np.mgrid[0:radix, 0:n]
    y = np.zeros_like(x)
    y[:] = x[:]
    for s in range(stages):
        view = np.reshape(y, (radix**s, radix, radix ** (stages - s - 1)))
        permuted = np.transpose(view, axes=(1, 0, 2))
        twiddles = np.exp(-2.0j * np.pi * ii[:, : radix**s] * jj[:, : radix**s] / radix ** (s + 1))
        D = np.repeat(np.reshape(twiddles, (radix, radix**s, 1)), radix ** (stages - s - 1), axis=2)
        twisted = np.reshape(permuted, (n,)) * np.reshape(D, (n,))
        y[:] = np.reshape(butterfly @ np.reshape(twisted, (radix, n // radix)), (n,))
    return np.sum(np.abs(y[1:4]) ** 2) + np.sum(y.real * np.arange(8.0)) + np.sum(y.imag)


def _couplings(rng):
    return tuple(rng.uniform(-1.0, 1.0, shape) for shape in [(2, 2, 2, 2)] * 3 + [(2, 2, 2)])


@program(args=_couplings, argnums=(0, 1, 2, 3), dual=False, seeds=1)
def self_energies(even, odd, H, D):
    """Products of small matrices, gathered by neighbour tables and added into one array."""
    G = even + 1j * odd
    H = H - 0.5j * even
    neighbours = np.array([[1, 0], [0, 1]], dtype=np.int32)
    S = np.zeros_like(G)
    for e in range(G.shape[0]):
        for w in range(D.shape[0]):
            for a in range(neighbours.shape[0]):
                for b in range(neighbours.shape[1]):
                    if e - w >= 0:
                        left = G[e - w, neighbours[a, b]] @ H[a, b]
                        right = H[b, a] * D[w, a, b]
                        S[e, a] += left @ right
    return np.sum(S.real) + np.sum(S.imag**2)


def rectified(x):
    return np.maximum(x, 0)


def convolved(images, weights):
    k = weights.shape[0]
    n, rows, columns = images.shape[0], images.shape[1] - k + 1, images.shape[2] - k + 1
    out = np.empty((n, rows, columns, weights.shape[3]), dtype=images.dtype)
    for i in range(rows):
        for j in range(columns):
            out[:, i, j, :] = np.sum(
                images[:, i : i + k, j : j + k, :, np.newaxis] * weights[np.newaxis, :, :, :],
                axis=(1, 2, 3),
            )
    return out


def pooled(x):
    out = np.empty([x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]], dtype=x.dtype)
    for i in range(x.shape[1] // 2):
        for j in range(x.shape[2] // 2):
            window = x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, :]
            out[:, i, j, :] = np.max(window, axis=(1, 2))
    return out


def normalised(x, eps=1e-5):
    mean = np.mean(x, axis=0, keepdims=True)
    std = np.std(x, axis=0, keepdims=True)
    return (x - mean) / np.sqrt(std + eps)


def _network(rng):
    return (
        rng.uniform(-1.0, 1.0, (2, 5, 5, 1)),
        rng.uniform(-1.0, 1.0, (2, 2, 1, 2)),
        rng.uniform(-1.0, 1.0, 2),
        rng.uniform(-1.0, 1.0, (8, 3)),
    )


@program(args=_network, argnums=(1, 2, 3), dual=False, seeds=1)
def small_network(images, kernel, bias, dense):
    x = pooled(rectified(convolved(images, kernel) + bias))
    padded = np.zeros((x.shape[0], x.shape[1] + 2, x.shape[2] + 2, x.shape[3]))
    padded[:, 1:-1, 1:-1, :] = normalised(x, 0.1)
    x = np.reshape(padded[:, 1:3, 1:3], (x.shape[0], 8)) @ dense
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    scores = e / np.sum(e, axis=-1, keepdims=True)
    return -np.sum(np.log(scores[:, 0]))


@program(args=_arrays(12, 12), argnums=(0, 1), dual=False)
def ring_averages(intensity, radius):
    """The mean of what lies in each ring, which masks pick."""
    outer = radius.max()
    out = np.zeros(3, dtype=np.float64)
    for i in range(3):
        inner, edge = outer * i / 3, outer * (i + 1) / 3
        ring = np.logical_and(inner <= radius, radius < edge)
        out[i] = intensity[ring].sum() / max(ring.sum(), 1)
    return np.sum(out**2)


@program(args=_arrays(4, 4, 4, 4), argnums=(0, 1, 2, 3), dual=False)
def arcs(latitude, longitude, other_latitude, other_longitude):
    chord = (
        np.sin((other_latitude - latitude) / 2) ** 2
        + np.cos(latitude)
        * np.cos(other_latitude)
        * np.sin((other_longitude - longitude - 1.0) / 2) ** 2
    )
    return np.sum(2 * np.arctan2(np.sqrt(chord), np.sqrt(1 - chord)))


def accelerations(points, mass, softening):
    x, y = points[:, 0:1], points[:, 1:2]
    dx, dy = x.T - x, y.T - y
    inverse = dx**2 + dy**2 + softening**2
    inverse[inverse > 0] = inverse[inverse > 0] ** (-1.5)
    return np.hstack(((dx * inverse) @ mass, (dy * inverse) @ mass))


def energies(points, speeds, mass):
    kinetic = 0.5 * np.sum(mass * speeds**2)
    x, y = points[:, 0:1], points[:, 1:2]
    dx, dy = x.T - x, y.T - y
    inverse = np.sqrt(dx**2 + dy**2)
    inverse[inverse > 0] = 1.0 / inverse[inverse > 0]
    return kinetic, np.sum(np.triu(-(mass * mass.T) * inverse, 1))


def integrate(mass, points, speeds, steps, dt, kinetic, potential):
    """Kick, drift, kick; the energies are written where the caller wants them, and returned."""
    speeds -= np.mean(mass * speeds, axis=0) / np.mean(mass)
    pull = accelerations(points, mass, 0.3)
    kinetic[0], potential[0] = energies(points, speeds, mass)
    for i in range(steps):
        speeds += pull * dt / 2.0
        points += speeds * dt
        pull = accelerations(points, mass, 0.3)
        speeds += pull * dt / 2.0
        kinetic[i + 1], potential[i + 1] = energies(points, speeds, mass)
    return kinetic, potential


def _bodies(rng):
    return rng.uniform(0.5, 1.5, (3, 1)), rng.uniform(-1.0, 1.0, (3, 2)), np.zeros((3, 2)), 0.1


@program(args=_bodies, argnums=(0, 1, 2, 3), dual=False, seeds=1)
def bodies(mass, points, speeds, dt):
    K, P = integrate(mass, points, speeds, 2, dt, np.zeros(3), np.ndarray(3))
    return np.sum(K) + np.sum(P * P) + np.sum(points**2) + np.sum(speeds[0])


def divergence(b, u, v, dx, dt):
    b[1:-1, 1:-1] = (u[1:-1, 2:] - u[1:-1, 0:-2] + v[2:, 1:-1] - v[0:-2, 1:-1]) / (2 * dx) / dt


def relaxed_pressure(p, b, dx, sweeps):
    q = np.empty_like(p)
    for _ in range(sweeps):
        q = p.copy()
        p[1:-1, 1:-1] = (
            q[1:-1, 2:] + q[1:-1, :-2] + q[2:, 1:-1] + q[:-2, 1:-1] - dx**2 * b[1:-1, 1:-1]
        ) / 4
        p[:, -1] = p[:, -2]
        p[0, :] = p[1, :]
        p[-1, :] = 0


def cavity(steps, u, v, dt, dx, p):
    b = np.zeros_like(u)
    for _ in range(steps):
        un, vn = u.copy(), v.copy()
        divergence(b, u, v, dx, dt)
        relaxed_pressure(p, b, dx, 2)
        u[1:-1, 1:-1] = un[1:-1, 1:-1] * (1.0 - dt / dx * (un[1:-1, 1:-1] - un[1:-1, :-2])) - (
            dt / (2 * dx) * (p[1:-1, 2:] - p[1:-1, :-2])
        )
        v[1:-1, 1:-1] = vn[1:-1, 1:-1] - dt / (2 * dx) * (p[2:, 1:-1] - p[:-2, 1:-1])
        u[0, :] = 0
        u[-1, :] = 1
        v[:, 0] = 0


@program(args=_arrays((4, 4), (4, 4), (), (4, 4)), argnums=(0, 1, 2, 3), dual=False, seeds=1)
def driven_cavity(u, v, dt, p):
    """Functions that fill and update their arguments, and return nothing."""
    cavity(2, u, v, 0.1 * dt, 0.5, p)
    return np.sum(u) + np.sum(v**2) + np.sum(p)
