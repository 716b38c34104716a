"""Small programs of all sorts, differentiated in four ways, and by Hessians times vectors.

Forward, reverse, forward over reverse and reverse over reverse, each against differences.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import grad, jvp
from srcdiff.testing import check_grads

# ------------------------------------------------------------------ numbers


def identity(a):
    return a


def sums(a, b, c):
    return a + b - c


def products(a, b, c):
    return a * b * c - b / c


def powers(a, b):
    return a**3 + b**2.5 + 2.0**a + a**b


def negated(a):
    return -(-a * -a)


def overwritten(a, b):
    a = a * b
    b = a - b
    a = a * a + b
    return a * b


def saxpy(a, b, c):
    return a * b + c


def saxpy_in_steps(a, b, c):
    t = a * b
    s = t + c
    t = s
    return t * 1.0


def saxpy_with_nested_call(a, b, c):
    return saxpy(a, saxpy(b, c, a), c) * saxpy(c, b, a)


def mathematics(a, b):
    return math.sin(a) * math.exp(-b) + math.log(a) / math.sqrt(b) + math.atan2(a, b)


# ------------------------------------------------------------------ branches


def nested_if(a, b):
    if a > 1.0:
        if b > 1.0:
            c = a * b
        else:
            c = a / b
    else:
        c = a - b
    return c * c


def if_elif(a):
    if a < 0.5:
        return a**2
    elif a < 1.0:
        b = a**3
    elif a < 1.5:
        b = math.sin(a) * a
    else:
        b = a * 4.0
    return b * a


def conditional(a, b):
    return (a * b if a > b else b**3) + (a if b < 0 else a * a)


def several_returns(a, b):
    if a > 2.0:
        return a * a * b
    if b > 1.0:
        return b**3
    return a * b


# ------------------------------------------------------------------ loops


def serial_loops(a, b):
    for _ in range(3):
        a = a * b
    for i in range(2):
        b = b * a + i
    return a + b


def nested_loops(a):
    total = a
    for i in range(3):
        for j in range(i):
            total = total * a + j
    return total


def iterpower(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


def while_large(a):
    while abs(a) > 0.1:
        a = 0.5 * a * math.cos(0.1 * a)
    return a


def augmented(a, b):
    c = a
    c += b * a
    c -= b**2
    c *= a
    c /= b
    c **= 2
    return c


# ------------------------------------------------------------------ arrays


def subscripts(a, b):
    x = np.zeros(3)
    x[0] = a * b
    x[1] = x[0] * a
    x[2] = 3.0
    x[0] = x[1] * x[0]
    return x[0] + x[1] * x[2]


def stored_into(x, b):
    x[0] = x[1] * b
    x[1:] *= x[0]
    return np.sum(x * x)


def every_second(x):
    y = x[::2, np.newaxis] * x[1::2]
    return np.sum(y * y)


def dots(A, x):
    return np.dot(x, np.dot(A, x)) + np.sum(np.dot(A, A.T))


def logistic_regression(w, b, X, t):
    p = 1.0 / (1.0 + np.exp(-(np.dot(X, w) + b)))
    return -np.mean(t * np.log(p) + (1.0 - t) * np.log(1.0 - p))


def recurrent(W, U, h0, xs):
    h = np.zeros((len(xs) + 1, len(h0)))
    h[0] = h0
    for t in range(len(xs)):
        h[t + 1] = np.tanh(W @ h[t] + U @ xs[t])
    return np.sum(h[-1] ** 2)


def row_means(A):
    return np.sum((A - A.mean(axis=0)) ** 2 / (1.0 + A**2))


# ------------------------------------------------------------------ functions and lists


def nested_def(a, b):
    def inner(u):
        return u * u * a

    return inner(b) + inner(a)


def with_lambda(a, b):
    square = lambda u: u * u  # noqa: E731
    return square(a) * b + square(square(b))


def list_summed(a):
    parts = [1.0, a * a, 2.0 * a]
    return parts[0] + parts[1] * parts[2]


def sum_of_list(a):
    return sum([1.0, a * a, 2.0])


def comprehension(x):
    return sum([v * v * v for v in x])


def appended(a):
    parts = []
    for i in range(4):
        parts.append(a**i)
    total = 0.0
    for part in parts:
        total += part * a
    return total


def unpacked(a, b):
    (c, d), e = (a * b, a - b), b
    c, d = d, c
    return c * d * e


rng = np.random.default_rng(11)
VECTOR = rng.uniform(0.5, 1.5, 4)
MATRIX = rng.uniform(0.5, 1.5, (3, 4))
SQUARE = rng.uniform(-1.0, 1.0, (3, 3))

# Functions and their arguments.
CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (identity, (1.3,)),
    (sums, (1.3, 0.7, 2.1)),
    (products, (1.3, 0.7, 2.1)),
    (powers, (1.3, 0.7)),
    (negated, (1.3,)),
    (overwritten, (1.3, 0.7)),
    (saxpy, (1.3, 0.7, 2.1)),
    (saxpy_in_steps, (1.3, 0.7, 2.1)),
    (saxpy_with_nested_call, (1.3, 0.7, 2.1)),
    (mathematics, (1.3, 0.7)),
    *((nested_if, args) for args in [(1.3, 0.7), (1.3, 1.7), (0.3, 0.7)]),
    *((if_elif, (a,)) for a in [0.3, 0.8, 1.3, 1.8]),
    *((conditional, args) for args in [(1.3, 0.7), (0.7, 1.3), (0.7, -1.3)]),
    *((several_returns, args) for args in [(2.3, 0.7), (1.3, 1.7), (1.3, 0.7)]),
    (serial_loops, (1.1, 0.7)),
    (nested_loops, (1.1,)),
    *((iterpower, (1.1, n)) for n in [0, 1, 4]),
    (while_large, (5.3,)),
    (while_large, (-5.3,)),
    (augmented, (1.3, 0.7)),
    (subscripts, (1.3, 0.7)),
    (stored_into, (VECTOR, 0.7)),
    (every_second, (VECTOR,)),
    (dots, (SQUARE, VECTOR[:3])),
    (logistic_regression, (VECTOR, 0.3, MATRIX, np.array([0.0, 1.0, 1.0]))),
    (recurrent, (SQUARE, MATRIX, VECTOR[:3], MATRIX[:2])),
    (row_means, (MATRIX,)),
    (nested_def, (1.3, 0.7)),
    (with_lambda, (1.3, 0.7)),
    (list_summed, (1.3,)),
    (sum_of_list, (1.3,)),
    (comprehension, (VECTOR,)),
    (appended, (1.3,)),
    (unpacked, (1.3, 0.7)),
]

IDS = [f.__name__ for f, _ in CASES]
each_case = pytest.mark.parametrize(("f", "args"), CASES, ids=IDS)

# Comprehensions over arrays.
MAY_BE_REFUSED = {"comprehension"}


def checked(f: Callable[..., Any], args: tuple[Any, ...], order: int, mode: str) -> None:
    try:
        check_grads(f, args, order, (mode,))
    except srcdiff.UnsupportedError:
        if f.__name__ not in MAY_BE_REFUSED:
            raise
        pytest.skip("refused")


@each_case
@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_first_order(f: Callable[..., Any], args: tuple[Any, ...], mode: str) -> None:
    checked(f, args, 1, mode)


@each_case
@pytest.mark.parametrize("mode", ["fwd", "rev"])
def test_each_over_itself(f: Callable[..., Any], args: tuple[Any, ...], mode: str) -> None:
    checked(f, args, 2, mode)


def moving(args: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(k for k, a in enumerate(args) if not isinstance(a, int))


@each_case
def test_hessian_times_vector(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """Forward over reverse is symmetric: <u, H v> is <v, H u>; and `hvp` gives the same."""
    gradient = grad(f, argnums=moving(args))
    draw = np.random.default_rng(5)

    def direction() -> tuple[Any, ...]:
        return tuple(
            draw.standard_normal(np.shape(a))[()] if k in moving(args) else None
            for k, a in enumerate(args)
        )

    u, v = direction(), direction()
    try:
        Hu, Hv = (jvp(gradient, args, d)[1] for d in (u, v))
    except srcdiff.UnsupportedError:
        if f.__name__ not in MAY_BE_REFUSED:
            raise
        pytest.skip("refused")

    def inner(d: tuple[Any, ...], h: tuple[Any, ...]) -> float:
        steps = [d[k] for k in moving(args)]
        return sum(float(np.sum(s * x)) for s, x in zip(steps, h, strict=True))

    assert inner(u, Hv) == pytest.approx(inner(v, Hu), rel=1e-8, abs=1e-10)
    product = [p for p in srcdiff.hvp(f, args, v) if p is not None]
    for got, want in zip(product, Hv, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


# ------------------------------------------------------------------ written in functions


def slope(a, b):
    return grad(saxpy_with_nested_call)(a, b, 0.5)


def slope_of_slope(a, b):
    return grad(slope)(a, b) + grad(slope, argnums=1)(a, b)


def tangent(a, b):
    value, dot = jvp(overwritten, (a, b), (1.0, b))
    return value * dot


def newton_step(a):
    return a - if_elif(a) / grad(if_elif)(a)


@pytest.mark.parametrize("f", [slope, slope_of_slope, tangent])
def test_functions_that_take_derivatives(f: Callable[..., Any]) -> None:
    check_grads(f, (1.3, 0.7), 1)


def test_newton_step_is_differentiated() -> None:
    check_grads(newton_step, (1.3,), 1)


def test_hessian_of_quadratic_form() -> None:
    def form(x):
        return x @ SQUARE @ x

    H = np.array([jvp(grad(form), (VECTOR[:3],), (row,))[1] for row in np.eye(3)])
    np.testing.assert_allclose(H, SQUARE + SQUARE.T, rtol=1e-14)


def test_third_derivative() -> None:
    def cubic(a):
        return a**4 / 4.0

    assert grad(grad(grad(cubic)))(1.5) == pytest.approx(9.0)
