"""The programs whose derivatives' texts are pinned in tests/golden.

The texts name this file and the lines of the programs: whoever moves a program re-writes the texts
below it (see tests/test_golden.py).
"""

# The loops count time steps.
# ruff: noqa: B007

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Arguments = tuple[Any, ...]
R = np.random.default_rng(20).standard_normal


@dataclass(frozen=True)
class Pinned:
    """A program, the arguments that it is specialised for, and more of the same kinds."""

    name: str
    function: Callable[..., Any]
    arguments: Arguments
    argnums: int | tuple[int, ...] = 0
    value: bool = False  # value_and_grad instead of grad
    more: tuple[Arguments, ...] = ()

    @property
    def entry(self) -> str:
        return f"{self.function.__name__}_{'value_and_grad' if self.value else 'grad'}"


PINNED: list[Pinned] = []


def pinned(
    *arguments: Any, name: str = "", more: tuple[Arguments, ...] = (), **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        PINNED.append(Pinned(name or function.__name__, function, arguments, more=more, **options))
        return function

    return register


# --- the texts of DESIGN §1


def doubling(a):
    b = a * 2
    while np.linalg.norm(b) < 1000:
        b = b * 2
    if b.sum() > 0:
        c = b
    else:
        c = 100 * b
    return c.sum()


pinned(R(4), name="doubling_vector", more=((-np.abs(R(7)),), (2000.0 * R(3),)))(doubling)
pinned(R((2, 3)), name="doubling_matrix")(doubling)
pinned(np.float64(0.7), name="doubling_scalar", more=((np.float64(-0.3),),))(doubling)


@pinned(R(7), 3, more=((R(7), 0), (R(3), 2)))
def diffuse(A, steps):
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A[i] = 0.5 * (A[i - 1] + A[i + 1])
    return np.sum(A**2)


@pinned(R(7), 3, more=((R(7), 0), (R(3), 2)))
def react(A, steps):
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A[i] = A[i] * (1.0 - 0.1 * A[i]) + 0.05 * (A[i - 1] + A[i + 1])
    return np.sum(A**2)


# --- the worked examples


@pinned(10.0, more=((2.0,), (-3.0,)))
def root(a):
    x = a / 3.0
    r = x**3 + x - a
    while abs(r) > 1e-12:
        x -= r / (3.0 * x**2 + 1.0)
        r = x**3 + x - a
    return x


@pinned(0.7, 6, more=((0.7, 1), (0.7, 0), (0.7, -1)))
def iterate(x, n):
    y = x
    for t in range(n):
        y = np.sin(y) + x * y
    return y


SETTLE = np.random.default_rng(1).uniform(-0.3, 0.95, 6)


@pinned(
    SETTLE,
    3.1,
    1e9,
    argnums=(0, 1),
    more=tuple((SETTLE, c, cap) for c in (3.7, 2.6, 0.9) for cap in (3.0, 0.5, 0.01)),
)
def settle(x, c, cap):
    total = 0.0
    for i in range(len(x)):
        if x[i] <= 0.0:
            continue
        z = x[i]
        for k in range(12):
            z = c * z * (1.0 - z)
            if z < 0.2:
                break
            total += z * z
            if total > cap:
                return total / (i + 1)
    return total


@pinned(0.4 * R((4, 4)) + 6.0 * np.eye(4), more=((0.4 * R((2, 2)) + 4.0 * np.eye(2),),))
def logdet(A):
    for i in range(len(A)):
        for j in range(i):
            A[i, j] = (A[i, j] - A[i, :j] @ A[:j, j]) / A[j, j]
        A[i, i:] -= A[i, :i] @ A[:i, i:]
    total = 0.0
    for i in range(len(A)):
        total += np.log(A[i, i])
    return total


@pinned(0.3 * R(6), more=((0.3 * R(2),), (0.3 * R(9),)))
def durbin(r):
    n = len(r)
    y = np.zeros(n)
    z = np.zeros(n)
    y[0] = -r[0]
    alpha = -r[0]
    beta = 1.0
    for k in range(1, n):
        beta *= 1.0 - alpha * alpha
        total = 0.0
        for i in range(k):
            total += r[k - i - 1] * y[i]
        alpha = -(r[k] + total) / beta
        for i in range(k):
            z[i] = y[i] + alpha * y[k - i - 1]
        for i in range(k):
            y[i] = z[i]
        y[k] = alpha
    return np.sum(y**2)


@pinned(R(4), R(3), R(3), argnums=(0, 1, 2), more=((R(2), R(5), R(5)),))
def free_energy(x, y, b):
    r = x[:, None] - y
    z = b - r**2
    top = np.max(z, axis=1)
    w = np.exp(z - top[:, None])
    return np.sum(np.log(np.sum(w, axis=1)) + top)


@pinned(R(5), R(5), argnums=(0, 1))
def ratio(x, y):
    q = np.where(y != 0.0, x / y, 0.0)
    return np.sum(q**2)


# --- models


@pinned(R((5, 3)), R(5), R((3, 4)), R(4), R(4), 0.3, argnums=(2, 3, 4, 5))
def mlp(X, y, W, b, v, c):
    h = np.tanh(X @ W + b)
    out = h @ v + c
    return np.mean((out - y) ** 2)


@pinned(R(3), R((6, 3)), np.array([1.0, -1.0, 1.0, 1.0, -1.0, -1.0]), 0.1)
def logistic(w, X, t, decay):
    margins = t * (X @ w)
    return np.mean(np.log1p(np.exp(-margins))) + decay * np.sum(w**2)


@pinned(R(8), 1.0 + 0.3 * R(8), 0.3, 5, argnums=(0, 1), more=((R(3), 1.0 + 0.1 * R(3), 0.3, 0),))
def wave(u, c, dt, steps):
    u_prev = u.copy()
    for t in range(steps):
        force = u[2:] - 2.0 * u[1:-1] + u[:-2] - np.sin(u[1:-1])
        u_next = u.copy()
        u_next[1:-1] = 2.0 * u[1:-1] - u_prev[1:-1] + (dt * c[1:-1]) ** 2 * force
        u_prev = u.copy()
        u = u_next.copy()
    return np.sum(u**2)


# --- calls


def spring(x, v, k):
    return -k * x - 0.1 * v * abs(v)


@pinned(1.0, 0.5, 2.0, 0.1, 8, argnums=(0, 1, 2), more=((1.0, 0.5, 2.0, 0.1, 0),))
def oscillate(x, v, k, dt, steps):
    for t in range(steps):
        v += dt * spring(x, v, k)
        x += dt * v
    return x * x + v * v


def newton(y, guess):
    while abs(guess * guess - y) > 1e-3:
        guess = 0.5 * (guess + y / guess)
    return guess


@pinned(np.array([1.7, 2.3, 4.1]), 1.0, argnums=(0, 1))
def roots(x, guess):
    total = 0.0
    for i in range(len(x)):
        total += np.sin(newton(x[i], guess))
    return total


def polar(x, y):
    r = np.sqrt(x * x + y * y)
    return r, np.arctan2(y, x)


@pinned(0.8, 0.6, argnums=(0, 1))
def turned(x, y):
    r, phi = polar(x, y)
    r, phi = polar(r * np.cos(2.0 * phi), r * phi)
    return r * phi


# --- branches


@pinned(2.5, 0.7, argnums=(0, 1), more=((0.5, 0.7), (-2.5, 0.7), (-0.5, 0.7)))
def huber(x, delta):
    if x > delta:
        return delta * (x - 0.5 * delta)
    if x < -delta:
        return -delta * (x + 0.5 * delta)
    y = x * x
    return 0.5 * y


pinned(2.5, 0.7, name="huber_value", value=True, argnums=(0, 1), more=((0.5, 0.7),))(huber)
pinned(R(7), 3, name="react_value", value=True, more=((R(7), 0),))(react)


def activation(x, kind="tanh"):
    if kind == "tanh":
        return np.sum(np.tanh(x))
    elif kind == "relu":
        return np.sum(np.maximum(x, 0.0))
    else:
        raise ValueError(f"no activation {kind}")


pinned(R(4), "tanh", name="activation_tanh")(activation)
pinned(R(4), "relu", name="activation_relu")(activation)


# --- types of arguments


@pinned(R(4).astype(np.float32), R(4), argnums=(0, 1))
def mixed(x, w):
    return np.sum(w * x**2)


@pinned(np.float64(0.7), R(3), argnums=(0, 1))
def scaled(s, x):
    return np.sum(s * np.sin(x))


@pinned(np.float32(0.7), 1.5, argnums=(0, 1))
def small(s, t):
    return s * s * np.exp(t)


# --- recursion


@pinned(R(5), more=((R(1),), (R(8),)))
def tree(x):
    if len(x) == 1:
        return x[0]
    m = len(x) // 2
    a = tree(x[:m])
    b = tree(x[m:])
    return a * b + np.sin(a)


def relaxed(x, w, n):
    if n == 0:
        return x
    y = relaxed(w * x + np.sin(x), 0.5 * w, n - 1)
    return x * y - w


@pinned(R(8), 0.7, 3, argnums=(0, 1), more=((R(3), 0.7, 0),))
def relax(x, w, n):
    return np.sum(relaxed(x, w, n) ** 2)


def even(x, n):
    if n == 0:
        return x
    return np.sin(odd(x, n - 1)) * x


def odd(x, n):
    if n == 0:
        return x * x
    y = even(x * 1.1, n - 1)
    return np.exp(-y) * y


pinned(0.7, 3, more=((0.7, 0), (0.7, 4)))(even)


def root_of(function, slope, y, steps):
    for _ in range(steps):
        y = y - function(y) / slope(y)
    return y


@pinned(2.0, 5, more=((3.0, 0),))
def cube_root(a, steps):
    return root_of(lambda y: y**3 - a, lambda y: 3.0 * y**2, 1.0, steps)


@pinned(R(5), 0.3, argnums=(0, 1), more=((R(2), 0.7),))
def smoothed_row(x, rate):
    y = x.copy()

    def mixed(i):
        return (1.0 - rate) * x[i] + rate * x[i - 1]

    for i in range(1, len(x)):
        y[i] = mixed(i) ** 2
    return np.sum(y)


# --- lists and trees


@pinned(R((3, 3)), R((3, 2)), R((2, 3)), R((4, 2)), R((4, 2)), argnums=(0, 1, 2))
def rnn_loss(W, U, V, xs, ys):
    h = np.zeros(len(W))
    hs = []
    for x in xs:
        h = np.tanh(W @ h + U @ x)
        hs.append(h)
    loss = 0.0
    for t in range(len(hs)):
        loss += np.sum((V @ hs[t] - ys[t]) ** 2)
    return loss


@pinned(0.7, 4, more=((0.7, 0),))
def stack(x, n):
    tape = []
    y = x
    for t in range(n):
        tape.append(y)
        y = np.sin(y) + x * y
    dx = 0.0
    dy = 1.0
    for t in reversed(range(n)):
        y = tape.pop()
        dx += y * dy
        dy *= np.cos(y) + x
    return dx + dy


# --- containers


@pinned(R(4), R(4), argnums=(0, 1))
def neighbours(x, y):
    total = 0.0
    for i, (a, b) in enumerate(zip(x[:-1], y, strict=False)):
        total += i * a * b * b
    return total


@pinned(R(4), 3)
def comprehended(x, n):
    squares = np.array([v * v for v in x])
    return sum(squares[i] * i for i in range(n)) * np.sum(squares)


def series(x, *coefficients, scale=1.0):
    total = 0.0
    for c in coefficients:
        total = total * x + c
    return scale * total


@pinned(0.8, 0.6, argnums=(0, 1))
def of_series(x, y):
    return series(x, y, 2.0, scale=y)


# --- stores in place


@pinned(R(4), R(4), np.array([0, 2, 0, 3]), argnums=(0, 1))
def latest_wins(x, y, places):
    x[places] = y * y
    x[places] *= np.sin(y)
    return np.sum(x * x)


@pinned(R(4), R(4), argnums=(0, 1))
def through_buffers(x, y):
    buffer = np.empty_like(x)
    np.multiply(x, y, out=buffer)
    np.exp(buffer, out=buffer)
    np.divide(buffer, y, out=buffer, where=y > 1.0)
    np.add(x, buffer, out=x)
    return np.sum(x * x)


@pinned(R((4, 5)), 0.1)
def through_named_slices(u, rate):
    inner = np.s_[1:-1, 1:-1]
    above, below = np.s_[:-2, 1:-1], np.s_[2:, 1:-1]
    for _ in range(2):
        u[inner] += rate * (u[above] + u[below] - 2.0 * u[inner]) ** 2
    return np.sum(u)


# --- functions that write into their arguments


def _relax(v, k):
    for i in range(1, len(v) - 1):
        v[i] += k * (v[i - 1] - 2.0 * v[i] + v[i + 1])


@pinned(R((4, 3)), 0.3, 2, argnums=(0, 1))
def relaxed_view(A, k, sweeps):
    for _ in range(sweeps):
        _relax(A[1:-1], k)
    return np.sum(A**2)


def _fill(out, x):
    out[:] = np.sin(x)
    return out


@pinned(R(3))
def filled_buffers(x):
    buf = np.zeros_like(x)
    total = np.sum(_fill(buf, x))
    return total * np.sum(_fill(buf, buf * x))


def _eliminate(A, j):
    for i in range(j + 1, len(A)):
        row = A[i]
        row -= row[j] / A[j, j] * A[j]


@pinned(R((3, 3)))
def eliminated(A):
    for j in range(len(A)):
        _eliminate(A, j)
    return A[-1, -1]


def _deeper(A):
    if len(A) > 1:
        A[1:, 1:] -= np.outer(A[1:, 0], A[0, 1:]) / A[0, 0]
        _deeper(A[1:, 1:])


@pinned(R((3, 3)))
def factored(A):
    _deeper(A)
    return np.sum(np.diag(A) ** 2)
