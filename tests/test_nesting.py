"""Derivatives of derivatives, and derivatives inside of differentiated functions.

The numbers to compare with are worked out by hand, or by differences of the derivative one lower.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import srcdiff
from srcdiff import differentiate, grad, jvp, value_and_grad

X = np.array([0.3, -0.5, 1.2])
fourth_power = grad(lambda x: x**4)


@differentiate
def cube(x):
    return x**3


def product(x, y):
    return x**2 * y**3


def newton(x0, a):
    f = lambda t: t**3 - a  # noqa: E731
    for _ in range(30):
        x0 = x0 - f(x0) / grad(f)(x0)
    return x0


def of_a_nested_function(x):
    def inner(y):
        return x**2 * y**3

    slope = grad(inner)
    return slope(x) + slope(2.0)


def value_and_slope(x):
    value, slope = value_and_grad(lambda y: x * y**2)(x)
    return value + slope


def called(g, x):
    return g(x)


def three_times(x):
    return jvp(
        lambda a: jvp(lambda b: jvp(lambda c: c**5, (b,), (1.0,))[1], (a,), (1.0,))[1],
        (x,),
        (1.0,),
    )[1]


def four_deep(x):
    return grad(lambda y: grad(lambda z: x * y * z * z)(y))(x)


BY_HAND: dict[str, tuple[Callable[..., Any], float, float]] = {
    "the usual confusion": (grad(lambda x: x * grad(lambda y: x + y)(1.0)), 1.0, 1.0),
    "a product": (grad(lambda x: x * grad(lambda y: x * y)(1.0)), 3.0, 6.0),
    "a push inside": (grad(lambda x: x * jvp(lambda y: x * y * y, (2.0,), (1.0,))[1]), 3.0, 24.0),
    "four deep": (grad(four_deep), 3.0, 24.0),
    "a nested function": (grad(of_a_nested_function), 2.0, 144.0),
    "the same twice": (grad(grad(of_a_nested_function)), 2.0, 168.0),
    "value and slope": (grad(value_and_slope), 2.0, 20.0),
    "passed on": (grad(lambda x: called(grad(lambda y: y**3 * x), x)), 2.0, 36.0),
    "pushed three times": (three_times, 2.0, 240.0),
    "and pulled": (grad(three_times), 2.0, 240.0),
    "by its name": (grad(lambda x: fourth_power(x) * x), 2.0, 128.0),
    "another argument": (grad(lambda x: grad(product, argnums=1)(x, 2.0)), 3.0, 72.0),
    "several arguments": (grad(lambda x: sum(grad(product, argnums=(0, 1))(x, x))), 2.0, 160.0),
    "of a decorated function": (grad(lambda x: cube.grad(x) * x), 2.0, 36.0),
    "a decorated function's push": (grad(lambda x: cube.jvp((x,), (1.0,))[1] * x), 2.0, 36.0),
    "an attribute": (grad(cube.grad), 2.0, 12.0),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_by_hand(name: str) -> None:
    derivative, at, want = BY_HAND[name]
    assert np.isclose(derivative(at), want, rtol=1e-12)


def test_newton() -> None:
    assert np.isclose(grad(newton, argnums=1)(1.0, 2.0), 1.0 / (3.0 * 2.0 ** (2.0 / 3.0)))


def differences(f: Callable[..., Any], x: Any, h: float = 1e-5) -> Any:
    if isinstance(x, float):
        return (f(x + h) - f(x - h)) / (2 * h)
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


def squared_slope(x):
    slope = grad(lambda w: np.sum(np.tanh(w * x) ** 2))(x)
    return np.sum(slope * slope)


def squared_product(x):
    return np.sum(jvp(grad(lambda w: np.sum(w**3 * x)), (x,), (np.ones(3),))[1] ** 2)


def stores(x):
    A = np.zeros(3)
    for i in range(3):
        A[i] = x[i] * np.sin(x[i - 1])
    for i in range(1, 3):
        A[i] = A[i] * A[i - 1] + x[i]
    return np.sum(A * A)


def norm_of_the_slope(x):
    return np.sqrt(np.sum(grad(stores)(x) ** 2))


@pytest.mark.parametrize("f", [squared_slope, squared_product, norm_of_the_slope])
def test_by_differences(f: Callable[..., Any]) -> None:
    np.testing.assert_allclose(grad(f)(X), differences(f, X), rtol=1e-6, atol=1e-8)


def halved(x):
    y = x
    while abs(y) > 0.5:
        y = 0.5 * y * np.cos(y)
    return y * y


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def recursive(x):
    return power(x, 4) * power(np.sin(x), 2)


def in_helpers(x):
    y = x
    for k in range(3):
        y = halved(y) + k * x
    return y


@pytest.mark.parametrize("f", [halved, recursive, in_helpers, lambda x: x**5 * np.sin(x)])
def test_up_to_the_fourth(f: Callable[..., Any]) -> None:
    d, x = f, 1.3
    for _ in range(4):
        lower, d = d, grad(d)
        np.testing.assert_allclose(d(x), differences(lower, x), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("f", [halved, recursive, in_helpers])
def test_every_mix_of_two(f: Callable[..., Any]) -> None:
    def slope(x):
        return jvp(f, (x,), (1.0,))[1]

    want = differences(grad(f), 1.3)
    got = (
        grad(grad(f))(1.3),
        grad(slope)(1.3),
        jvp(grad(f), (1.3,), (1.0,))[1],
        jvp(slope, (1.3,), (1.0,))[1],
    )
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_the_text_runs_alone() -> None:
    text = grad(grad(lambda x: halved(x) * x)).source_for(2.0)
    assert "srcdiff" not in text
    namespace: dict[str, Any] = {"__name__": "alone"}
    exec(text, namespace)
    entry = next(v for k, v in namespace.items() if k.endswith("_grad_grad"))
    np.testing.assert_allclose(entry(2.0), grad(grad(lambda x: halved(x) * x))(2.0))


def test_a_changed_global_is_seen() -> None:
    namespace: dict[str, Any] = {"grad": grad}
    source = "k = 2.0\ndef f(x):\n    return k * x ** 3\n"
    import linecache

    linecache.cache["<nesting>"] = len(source), None, source.splitlines(True), "<nesting>"
    exec(compile(source, "<nesting>", "exec"), namespace)
    second = grad(grad(namespace["f"]))
    assert np.isclose(second(2.0), 24.0)
    namespace["k"] = 3.0
    assert np.isclose(second(2.0), 36.0)


def test_options_must_be_literals() -> None:
    def chosen(x, n):
        return grad(product, argnums=n)(x, x)

    with pytest.raises(srcdiff.UnsupportedError, match="must be literals"):
        grad(chosen)(1.0, 1)
