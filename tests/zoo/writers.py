"""Functions that write into their arguments: whole arrays and views, at any depth, in loops."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.registry import program


def _values(n, low=-1.0, high=1.0):
    return lambda rng: (rng.uniform(low, high, n),)


def _grid(n, m):
    return lambda rng: (rng.uniform(0.2, 1.0, (n, m)),)


def _dominant(n):
    return lambda rng: (rng.uniform(0.1, 1.0, (n, n)) + n * np.eye(n),)


# --- fillers --------------------------------------------------------------------------------------


def _fill(out, x):
    out[:] = np.sin(x) * 2.0


@program(args=_values(4), analytic=True)
def fills(x):
    buf = np.zeros_like(x)
    _fill(buf, x)
    return np.sum(buf**2)


def _filled(out, x):
    out[:] = np.sin(x) * x
    return out


@program(args=_values(4), analytic=True)
def fills_and_returns(x):
    buf = np.empty_like(x)
    y = _filled(buf, x)
    y[0] *= 3.0
    return np.sum(y**2) + buf[0] * buf[1]


@program(args=_values(4), analytic=True)
def filled_in_an_expression(x):
    buf = np.empty_like(x)
    return np.sum(_filled(buf, x) * x) + 2.0 * np.sum(_filled(buf, 2.0 * x) ** 2) + buf[0]


def _scaled(x, out=None):
    if out is None:
        out = np.zeros_like(x)
    out[:] = x * x
    return out


@program(args=_values(4), analytic=True)
def out_by_default_and_given(x):
    y = _scaled(x)
    z = np.ones_like(x)
    w = _scaled(y, out=z)
    return np.sum(w * y) + z[1]


def _two_outputs(x, s, c):
    s[:] = np.sin(x)
    c[:] = np.cos(x) * s


@program(args=_values(3), analytic=True)
def two_outputs(x):
    s, c = np.zeros(3, dtype=x.dtype), np.zeros(3, dtype=x.dtype)
    _two_outputs(x, s, c)
    _two_outputs(s + c, c, s)
    return np.sum(s * c**2)


def _add_to(total, x, weight=0.5):
    total += weight * x * x


@program(args=_values(4), analytic=True)
def accumulates(x):
    total = np.zeros_like(x)
    for k in range(3):
        _add_to(total, x + k)
        _add_to(total, total, weight=0.1 * k)
    return np.sum(total**2)


def _set(A, i, value):
    A[i] = value * A[i - 1]


@program(args=_values(5, 0.5, 1.5), analytic=True)
def sets_elements(x):
    for i in range(1, len(x)):
        _set(x, i, x[i] + 1.0)
    return np.sum(x)


def _normalize(v):
    size = np.sqrt(np.sum(v * v))
    v /= size
    return size


@program(args=_values(4, 0.5, 1.5))
def writes_and_returns_a_number(v):
    total = 0.0
    for _ in range(3):
        total += _normalize(v) * v[0]
        v[0] += 1.0
    return total + np.sum(v**3)


def _shift_in(window, value):
    window[1:] = window[:-1].copy()
    window[0] = value


@program(args=_values(6), analytic=True)
def shift_register(x):
    window = np.zeros(3, dtype=x.dtype)
    y = 0.0
    for v in x:
        _shift_in(window, v * v)
        y += window[0] * window[1] + window[2]
    return y


# --- stencils and boundaries ----------------------------------------------------------------------


def _boundary(u, left):
    u[0] = left
    u[-1] = 2.0 * u[-2] - u[-3]


@program(args=_values(6), analytic=True)
def boundary_conditions(u):
    for t in range(3):
        u[1:-1] = u[1:-1] + 0.2 * (u[2:] - 2.0 * u[1:-1] + u[:-2]) * u[1:-1]
        _boundary(u, 0.1 * t)
    return np.sum(u**2)


def _relax(v, k):
    for i in range(1, len(v) - 1):
        v[i] += k * (v[i - 1] - 2.0 * v[i] + v[i + 1])


@program(args=lambda rng: (rng.uniform(-1.0, 1.0, (5, 3)), 0.3, 2), argnums=(0, 1), analytic=True)
def relaxes_a_view(A, k, sweeps):
    for s in range(sweeps):
        _relax(A[1:-1, :], k)
    return np.sum(A**2)


def _colour(u, f, start):
    for i in range(start, len(u) - 1, 2):
        u[i] = 0.5 * (u[i - 1] + u[i + 1] - f[i]) * (1.0 + 0.1 * u[i])


@program(args=lambda rng: (rng.uniform(-1.0, 1.0, 7), rng.uniform(-1.0, 1.0, 7)), argnums=(0, 1))
def red_black(u, f):
    for _ in range(2):
        _colour(u, f, 1)
        _colour(u, f, 2)
    return np.sum(u**2)


def _swap_ghosts(a, b):
    a[-1] = b[1]
    b[0] = a[-2]


def _advance(a):
    a[1:-1] = a[1:-1] + 0.1 * a[1:-1] * (a[2:] - a[:-2])


@program(args=lambda rng: (rng.uniform(0.0, 1.0, 5), rng.uniform(0.0, 1.0, 5)), argnums=(0, 1))
def ghost_cells(a, b):
    for _ in range(3):
        _swap_ghosts(a, b)
        _advance(a)
        _advance(b)
    return np.sum(a[1:-1] ** 2) + np.sum(b[1:-1] ** 3)


def _residual(u, f, r):
    r[1:-1] = f[1:-1] - (2.0 * u[1:-1] - u[:-2] - u[2:])


def _restrict(r, coarse):
    for i in range(1, len(coarse) - 1):
        coarse[i] = 0.5 * r[2 * i] + 0.25 * (r[2 * i - 1] + r[2 * i + 1])


def _prolong(coarse, u):
    for i in range(len(coarse) - 1):
        u[2 * i] += coarse[i]
        u[2 * i + 1] += 0.5 * (coarse[i] + coarse[i + 1])


def _jacobi(u, f, work, sweeps):
    for _ in range(sweeps):
        work[:] = u
        u[1:-1] = 0.4 * (work[:-2] + work[2:] + f[1:-1]) + 0.2 * work[1:-1] ** 2


@program(args=lambda rng: (rng.uniform(-1.0, 1.0, 9), rng.uniform(-1.0, 1.0, 9)), argnums=(0, 1))
def two_grids(u, f):
    r, work = np.zeros_like(u), np.zeros_like(u)
    coarse, right, small = np.zeros(5), np.zeros(5), np.zeros(5)
    _jacobi(u, f, work, 2)
    _residual(u, f, r)
    _restrict(r, right)
    _jacobi(coarse, right, small, 2)
    _prolong(coarse, u)
    _jacobi(u, f, work, 1)
    return np.sum(u**2)


# --- integrators ----------------------------------------------------------------------------------


def _rhs(u, du, k):
    du[1:-1] = k * (u[2:] - 2.0 * u[1:-1] + u[:-2]) - u[1:-1] ** 3
    du[0] = 0.0
    du[-1] = 0.0


@program(args=lambda rng: (rng.uniform(-1.0, 1.0, 5), 0.7), argnums=(0, 1), analytic=True)
def runge_kutta(u, k):
    k1, k2, k3, k4 = np.zeros_like(u), np.zeros_like(u), np.zeros_like(u), np.zeros_like(u)
    h = 0.1
    for _ in range(3):
        _rhs(u, k1, k)
        _rhs(u + 0.5 * h * k1, k2, k)
        _rhs(u + 0.5 * h * k2, k3, k)
        _rhs(u + h * k3, k4, k)
        u = u + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return np.sum(u**2)


def _lorenz(y, dy):
    dy[0] = 10.0 * (y[1] - y[0])
    dy[1] = y[0] * (28.0 - y[2]) - y[1]
    dy[2] = y[0] * y[1] - 8.0 / 3.0 * y[2]


def _euler(rhs, y, dy, h):
    rhs(y, dy)
    y += h * dy


@program(args=_values(3, 0.5, 2.0), analytic=True)
def a_step_given_the_function(y):
    dy = np.zeros_like(y)
    for _ in range(4):
        _euler(_lorenz, y, dy, 0.01)
    return y[0] * y[1] + y[2]


def _forces(x, m, F):
    F[:] = 0.0
    for i in range(len(x)):
        for j in range(i + 1, len(x)):
            _attract(x, m, F, i, j)


def _attract(x, m, F, i, j):
    r = x[j] - x[i]
    f = m[i] * m[j] * r / (np.sum(r * r) + 0.1) ** 1.5
    F[i] += f
    F[j] -= f


@program(
    args=lambda rng: (
        rng.uniform(-1.0, 1.0, (3, 2)),
        rng.uniform(-0.1, 0.1, (3, 2)),
        rng.uniform(0.5, 1.5, 3),
    ),
    argnums=(0, 1, 2),
)
def bodies_by_helper(x, v, m):
    F = np.zeros_like(x)
    for _ in range(3):
        _forces(x, m, F)
        v += 0.1 * F / m[:, None]
        x += 0.1 * v
    return np.sum(x**2) + np.sum(m[:, None] * v**2)


# --- linear algebra -------------------------------------------------------------------------------


def _eliminate(A, i, j):
    f = A[i, j] / A[j, j]
    A[i, j] = f
    A[i, j + 1 :] -= f * A[j, j + 1 :]


@program(args=_dominant(4), analytic=True)
def lu_by_rows(A):
    for j in range(len(A)):
        for i in range(j + 1, len(A)):
            _eliminate(A, i, j)
    total = 0.0
    for i in range(len(A)):
        total += np.log(A[i, i])
    return total


def _recursive_lu(A):
    n = len(A)
    if n == 1:
        return
    A[1:, 0] /= A[0, 0]
    A[1:, 1:] -= np.outer(A[1:, 0], A[0, 1:])
    _recursive_lu(A[1:, 1:])


@program(args=_dominant(4), analytic=True)
def recursive_lu(A):
    _recursive_lu(A)
    return np.sum(np.log(np.diag(A)))


def _substitute(L, b):
    for i in range(len(b)):
        b[i] = (b[i] - L[i, :i] @ b[:i]) / L[i, i]


@program(
    args=lambda rng: (rng.uniform(0.1, 1.0, (4, 4)) + 4.0 * np.eye(4), rng.uniform(-1, 1, (4, 2))),
    argnums=(0, 1),
)
def solves_columns(L, B):
    for k in range(B.shape[1]):
        _substitute(L, B[:, k])
    return np.sum(B**2)


def _orthogonalize(Q, k):
    for j in range(k):
        Q[:, k] -= (Q[:, j] @ Q[:, k]) * Q[:, j]
    Q[:, k] /= np.sqrt(Q[:, k] @ Q[:, k])


@program(args=_dominant(3))
def gram_schmidt(Q):
    for k in range(Q.shape[1]):
        _orthogonalize(Q, k)
    return np.sum(Q * np.arange(9.0).reshape(3, 3))


# --- recursion ------------------------------------------------------------------------------------


def _fft(re, im, n):
    if n == 1:
        return
    m = n // 2
    er, ei = re[0::2].copy(), im[0::2].copy()
    orr, oi = re[1::2].copy(), im[1::2].copy()
    _fft(er, ei, m)
    _fft(orr, oi, m)
    for k in range(m):
        c, s = math.cos(2.0 * math.pi * k / n), math.sin(2.0 * math.pi * k / n)
        tr = c * orr[k] + s * oi[k]
        ti = c * oi[k] - s * orr[k]
        re[k], im[k] = er[k] + tr, ei[k] + ti
        re[k + m], im[k + m] = er[k] - tr, ei[k] - ti


@program(args=_values(4))
def fft_in_place(x):
    im = np.zeros_like(x)
    _fft(x, im, len(x))
    return np.sum(np.arange(4.0) * (x**2 + im**2)) + im[1] * x[1]


def _sort(x, low, high):
    if low >= high:
        return
    pivot = x[high]
    i = low
    for j in range(low, high):
        if x[j] < pivot:
            t = x[i]
            x[i] = x[j]
            x[j] = t
            i += 1
    t = x[i]
    x[i] = x[high]
    x[high] = t
    _sort(x, low, i - 1)
    _sort(x, i + 1, high)


@program(args=_values(6))
def quicksort(x):
    _sort(x, 0, len(x) - 1)
    return np.sum(np.arange(1.0, 7.0) * x**2)


def _visit(x, node, depth, sums):
    if node >= len(x):
        return
    sums[depth] += x[node] * x[node]
    _visit(x, 2 * node + 1, depth + 1, sums)
    _visit(x, 2 * node + 2, depth + 1, sums)


@program(args=_values(6), analytic=True)
def sums_over_a_tree(x):
    sums = np.zeros(4, dtype=x.dtype)
    _visit(x, 0, 0, sums)
    return np.sum(sums**2)


# --- control flow ---------------------------------------------------------------------------------


def _step(x, rate):
    before = x[0]
    x *= 1.0 - rate
    x += 0.01
    return before - x[0]


@program(args=_values(3, 1.0, 2.0))
def writes_in_a_test(x):
    trips = 0
    while _step(x, 0.3) > 0.1:
        trips += 1
    return np.sum(x**2) + trips


def _clipped(x, limit):
    for i in range(len(x)):
        if x[i] > limit:
            x[i] = limit * x[i] ** 0.5
        elif x[i] < 0.0:
            x[i] = -x[i]


@program(args=_values(5))
def writes_in_branches(x):
    if x[0] > 0.0:
        _clipped(x, 0.5)
    else:
        _clipped(x[1:], 0.2)
    return np.sum(x**2)


def _find(x, limit):
    for i in range(len(x)):
        x[i] *= 2.0
        if x[i] > limit:
            return i
    return -1


@program(args=_values(5))
def returns_early(x):
    k = _find(x, 1.0)
    return np.sum(x**2) + x[k]


# --- bookkeeping ----------------------------------------------------------------------------------


def _count(counts, k):
    counts[k % len(counts)] += 1


@program(args=_values(5), analytic=True)
def counts_visits(x):
    counts = np.zeros(3, dtype=int)
    y = 0.0
    for i in range(len(x)):
        _count(counts, i * i)
        y += counts[i % 3] * x[i] ** 2
    return y * counts[0]


def _pivot(A, p, k):
    best = k + int(np.argmax(np.abs(A[k:, k])))
    if best != k:
        t = A[k].copy()
        A[k] = A[best]
        A[best] = t
        p[k], p[best] = p[best], p[k]


@program(
    args=lambda rng: (rng.uniform(-1.0, 1.0, (3, 3)), rng.uniform(-1.0, 1.0, 3)), argnums=(0, 1)
)
def pivoting(A, b):
    n = len(A)
    p = np.arange(n)
    for k in range(n):
        _pivot(A, p, k)
        for i in range(k + 1, n):
            f = A[i, k] / A[k, k]
            A[i, k:] -= f * A[k, k:]
    return np.sum(np.log(np.abs(np.diag(A)))) + np.sum(b[p] * np.arange(3.0))


# --- optimizers -----------------------------------------------------------------------------------


def _momentum(w, m, g, rate):
    m *= 0.9
    m += g
    w -= rate * m


@program(
    args=lambda rng: (rng.uniform(-1.0, 1.0, 3), rng.uniform(0.5, 1.5, (4, 3)), 0.05),
    argnums=(0, 1, 2),
)
def trains(w, X, rate):
    m = np.zeros_like(w)
    for _ in range(4):
        g = X.T @ (X @ w - 1.0)
        _momentum(w, m, g, rate)
    return np.sum((X @ w - 1.0) ** 2)


def _adam(w, m, v, g, t):
    m[:] = 0.9 * m + 0.1 * g
    v[:] = 0.99 * v + 0.01 * g * g
    w -= 0.1 * (m / (1.0 - 0.9**t)) / (np.sqrt(v / (1.0 - 0.99**t)) + 1e-3)


@program(args=_values(3, 0.5, 1.5))
def adam(w):
    m, v = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, 4):
        _adam(w, m, v, np.sin(w) + w, t)
    return np.sum(w**2)


# --- deeper ---------------------------------------------------------------------------------------


def _outer(A, x):
    _middle(A[1:], x)
    A[0] += A[1] * x


def _middle(B, x):
    _inner(B[:, 0], x)
    _inner(B[:, 1], B[0, 0])


def _inner(v, s):
    v *= s
    v[0] += s * s


@program(args=lambda rng: (rng.uniform(0.2, 1.0, (3, 2)), 0.7), argnums=(0, 1), analytic=True)
def views_three_deep(A, x):
    for _ in range(2):
        _outer(A, x)
    return np.sum(A**2)


class _Layer:
    def apply(self, x, out):
        out[:] = np.tanh(0.8 * x)


_layer = _Layer()


@program(args=_values(4), analytic=True)
def method_fills(x):
    a, b = np.zeros_like(x), np.zeros_like(x)
    _layer.apply(x, a)
    _layer.apply(a, b)
    _layer.apply(x * b, a)
    return np.sum(a * b)


def _transposed(T, s):
    T[0] = T[1] * s


@program(args=_grid(3, 3), analytic=True)
def writes_into_a_transpose(A):
    _transposed(A.T, A[0, 0])
    _transposed(A[1:].T, 2.0)
    return np.sum(A**2 * np.arange(9.0).reshape(3, 3))


@program(args=_grid(2, 4), analytic=True)
def the_argument_itself_is_written(A):
    s = _total_and_scale(A, 2.0)
    return s * np.sum(A**2)


def _total_and_scale(A, k):
    s = np.sum(A)
    A *= k
    return s


# --- given twice, and under other names -----------------------------------------------------------


def _scale_rows(A, x):
    for i in range(len(A)):
        row = A[i]
        row *= x[i]
        row[0] += A[i, 1] * x[i]


@program(
    args=lambda rng: (rng.uniform(0.2, 1.0, (3, 2)), rng.uniform(0.2, 1.0, 3)),
    argnums=(0, 1),
    analytic=True,
)
def names_inside(A, x):
    _scale_rows(A[1:], x)
    _scale_rows(A, x)
    return np.sum(A**2)


def _mix(a, b, k):
    a[:] = a * k + b
    b[0] *= a[0]
    a += b * b


@program(args=lambda rng: (rng.uniform(0.1, 0.9, (3, 2)), rng.uniform(0.1, 0.9, 3)), argnums=(0, 1))
def given_twice(A, x):
    _mix(A[0], A[0], x[0])
    _mix(A, A[1:2], x[1])
    _mix(A[:-1], A[1:], x[2])
    return np.sum(A**2)


def _swap(a, b):
    t = a.copy()
    a[:] = b
    b[:] = t


@program(args=_grid(3, 2), analytic=True)
def swaps_rows_and_columns(A):
    for i in range(3):
        _swap(A[i], A[(2 * i) % 3])
        A[0] *= 2.0
    _swap(A[:, 0], A[:, 1])
    A[1] *= A[0]
    return np.sum(A**2 * np.arange(6.0).reshape(3, 2))


@program(args=_values(4), analytic=True)
def rotated_buffers(x):
    a, b = x.copy(), np.zeros_like(x)
    for _ in range(3):
        _fill(b, a)
        a, b = b, a
    return np.sum(a**2)


def _sum_of_first(A):
    row = A[0]
    return np.sum(row**2)


@program(args=_grid(2, 2), analytic=True)
def views_on_the_tapes_of_a_helper(A):
    s = _sum_of_first(A)
    for _ in range(3):
        s += _sum_of_first(A)
        A *= A
    A[0] = 0.0
    return s + np.sum(A)


def _reshaped(v):
    v *= 2.0
    v[0] = v[1] * v[2]


@program(args=_grid(3, 3), analytic=True)
def reshaped_arguments(A):
    _reshaped(A.reshape(-1))
    _reshaped(A.ravel()[1:])
    _reshaped(np.transpose(A)[0])
    return np.sum(A**2)


def _both(x, a, b):
    a[:] = x
    b[:] = x * x
    return a, b


@program(args=_values(3), analytic=True)
def returns_both_arguments(x):
    a, b = np.zeros_like(x), np.zeros_like(x)
    p, q = _both(x, a, b)
    p[0] += q[1]
    return np.sum(a * b) + q[2]


@program(args=_values(4), analytic=True)
def closure_writes_into_what_it_captures(x):
    out = np.zeros_like(x)

    def put(i, v):
        out[i] = v * x[i]

    for i in range(len(x)):
        put(i, x[i] + 1.0)
    return np.sum(out**2)


def _statistics(row, out):
    out[0], out[1] = np.mean(row), np.std(row)
    row -= out[0]
    row /= out[1]


@program(args=_grid(2, 3))
def rows_of_two_arrays(X):
    out = np.zeros((len(X), 2))
    for row, o in zip(X, out):
        _statistics(row, o)
    return np.sum(X**3) + np.sum(out**2)


# --- lists ----------------------------------------------------------------------------------------


def _push(stack, v, n):
    for i in range(n):
        if v > 0:
            stack.append(v * i)
        else:
            stack.append(-v)
    return len(stack)


def _pop(stack):
    return 2.0 * stack.pop()


@program(args=_values(4))
def stack_by_helpers(x):
    stack, total = [], 0.0
    for v in x:
        depth = _push(stack, v, 2)
        total += _pop(stack) * depth
    while stack:
        total = 0.5 * total + _pop(stack)
    return total


def _remember(history, u):
    history.append(u.copy())


@program(args=_values(4), analytic=True)
def history_by_helper(x):
    history = []
    for _ in range(3):
        x[1:] += 0.1 * x[:-1] ** 2
        _remember(history, x)
    return sum(np.sum(u**2) for u in history)


def _descend(parameters, gradients, rate):
    for p, g in zip(parameters, gradients):
        p -= rate * g


@program(args=_values(4), analytic=True)
def list_of_parameters_updated(x):
    parameters = [x[:2].copy(), x[2:].copy()]
    for _ in range(3):
        _descend(parameters, [np.sin(p) for p in parameters], 0.1)
    return sum(np.sum(p**2) for p in parameters)


def _walk(x, i, order, out):
    order.append(i)
    out[i] = x[i] ** 2
    if 2 * i + 1 < len(x):
        _walk(x, 2 * i + 1, order, out)
    if 2 * i + 2 < len(x):
        _walk(x, 2 * i + 2, order, out)


@program(args=_values(4), analytic=True)
def order_of_a_walk(x):
    order, out = [], np.zeros_like(x)
    _walk(x, 0, order, out)
    total = 0.0
    for k, i in enumerate(order):
        total += (k + 1) * out[i]
    return total
