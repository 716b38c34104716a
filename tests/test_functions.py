"""Functions as values: what is read live, what is guarded, and what is refused."""

# Closures over loop variables are meant.
# ruff: noqa: B023

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from srcdiff import UnsupportedError, grad


def close(f: Callable[..., Any], x: float, *args: Any) -> bool:
    h = 1e-6
    want = (f(x + h, *args) - f(x - h, *args)) / (2.0 * h)
    return bool(np.isclose(grad(f)(x, *args), want, rtol=1e-6, atol=1e-7))


def times(g: Any, x: Any) -> Any:
    return g(x) * x


def of_function(x: Any, g: Any) -> Any:
    return times(g, x) + g(x)


def make(k: Any) -> Any:
    def scaled(t: Any) -> Any:
        return k * t * t

    def change(value: Any) -> None:
        nonlocal k
        k = value

    return scaled, change


def test_cells_of_an_argument_are_read_at_each_call() -> None:
    derivative = grad(of_function)
    scaled, change = make(3.0)
    assert np.isclose(derivative(0.7, scaled), 3.0 * (3.0 * 0.49 + 1.4))
    change(5.0)
    assert np.isclose(derivative(0.7, scaled), 5.0 * (3.0 * 0.49 + 1.4))
    change(2)
    assert np.isclose(derivative(0.7, scaled), 2.0 * (3.0 * 0.49 + 1.4))
    other, _ = make(7.0)
    assert np.isclose(derivative(0.7, other), 7.0 * (3.0 * 0.49 + 1.4))


def test_code_of_an_argument_is_seen() -> None:
    def g(t: Any) -> Any:
        return t * t

    derivative = grad(of_function)
    assert np.isclose(derivative(2.0, g), 16.0)
    g.__code__ = (lambda t: t * t * t).__code__
    assert np.isclose(derivative(2.0, g), 4.0 * 8.0 + 3.0 * 4.0)


class Model:
    offset = 0.5

    def __init__(self, gain: Any) -> None:
        self.gain = gain
        self.inner: Any = None

    def run(self, x: Any) -> Any:
        return self.gain * x * x + self.offset * self.helper(x)

    def helper(self, x: Any) -> Any:
        return x * x * x if self.inner is None else self.inner.run(x)

    def __call__(self, x: Any) -> Any:
        return self.run(x) * 2.0


MODEL = Model(2.0)
TABLE: dict[str, Any] = {"sin": np.sin, "cube": lambda t: t**3}
ROW = (np.sin, np.cos)
PARTIAL = functools.partial(lambda a, b: a * b * b, 2.0)


def with_globals(x: Any, name: Any) -> Any:
    return MODEL.run(x) + MODEL(x) * x + TABLE[name](x) + PARTIAL(x) + times(MODEL.helper, x)


def test_objects_of_the_module() -> None:
    assert close(with_globals, 0.7, "sin")
    assert close(with_globals, 0.7, "cube")


def test_attributes_are_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model(2.0)
    f = grad(lambda x, m: m.run(x))
    assert np.isclose(f(0.5, model), 2.0 + 0.5 * 0.75)
    model.gain = 3.0
    assert np.isclose(f(0.5, model), 3.0 + 0.5 * 0.75)
    model.gain = 3
    assert np.isclose(f(0.5, model), 3.0 + 0.5 * 0.75)
    model.inner = Model(1.0)
    assert np.isclose(f(0.5, model), 3.0 + 0.5 * (1.0 + 0.5 * 0.75))
    monkeypatch.setattr(Model, "helper", lambda self, x: x)
    assert np.isclose(f(0.5, model), 3.0 + 0.5)
    monkeypatch.setattr(Model, "offset", 4.0)
    assert np.isclose(f(0.5, model), 3.0 + 4.0)


def test_a_table_of_functions_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        return TABLE["sin"](x)

    derivative = grad(f)
    assert np.isclose(derivative(0.5), np.cos(0.5))
    monkeypatch.setitem(TABLE, "sin", np.cos)
    assert np.isclose(derivative(0.5), -np.sin(0.5))


def test_another_object_under_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: Any) -> Any:
        return MODEL.run(x)

    derivative = grad(f)
    assert np.isclose(derivative(0.5), 2.0 + 0.5 * 0.75)
    monkeypatch.setitem(globals(), "MODEL", Model(5))
    assert np.isclose(derivative(0.5), 5.0 + 0.5 * 0.75)


def test_bound_methods_and_objects_are_differentiated() -> None:
    assert close(MODEL.run, 0.7)
    assert close(MODEL, 0.7)
    assert close(of_function, 0.7, MODEL.run)
    assert close(of_function, 0.7, MODEL)


def test_a_kept_function_is_as_it_stands() -> None:
    def f(x: Any) -> Any:
        order = np.array(sorted(range(3), key=lambda i: -i))
        return x * float(order[0])

    assert grad(f)(0.5) == 2.0


def test_loops_over_functions() -> None:
    def layers(x: Any) -> Any:
        for act in (np.tanh, lambda t: t * x, ROW[1]):
            x = act(x)
        return x

    def weighed(x: Any) -> Any:
        total = 0.0
        for act, w in [(np.sin, x), (lambda t: t * t * x, 2.0 * x)]:
            x = x * 0.5
            total += w * act(x)
        return total

    assert close(layers, 0.7)
    assert close(weighed, 0.7)


def test_passive_functions_need_not_be_known() -> None:
    def f(x: Any, k: Any) -> Any:
        rounded = np.floor if k > 2 else np.ceil
        return x * int(rounded(k))

    assert grad(f)(0.5, 3) == 3.0


def refused(f: Callable[..., Any], reason: str, *args: Any) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        grad(f)(*args)


def test_which_function_must_be_known() -> None:
    def by_data(x: Any) -> Any:
        g = (lambda t: t * x) if x > 0.0 else (lambda t: t + x)
        return g(2.0)

    def in_a_loop(x: Any) -> Any:
        g = lambda t: t  # noqa: E731
        for _ in range(3):
            x = g(x)
            g = lambda t: t * t  # noqa: E731
        return x

    refused(by_data, "which function g calls", 0.5)
    refused(in_a_loop, "which function g calls", 0.5)


def test_a_function_must_be_called() -> None:
    def f(x: Any) -> Any:
        g = make(x)[0]
        print(g)
        return g(x)

    refused(f, "otherwise than by calling", 0.5)


def test_nonlocal() -> None:
    def f(x: Any) -> Any:
        total = 0.0

        def add(v: Any) -> None:
            nonlocal total
            total += v

        add(x * x)
        add(x)
        return total

    assert grad(f)(0.5) == 2.0


def test_a_function_that_holds_itself() -> None:
    def f(x: Any) -> Any:
        def g(t: Any) -> Any:
            return t if t > 5.0 else g(t * 2.0 + x)

        return times(g, x)

    refused(f, "holds itself", 0.5)


def test_functions_in_lists_are_told_apart_where_it_is_known_which() -> None:
    def first(functions: Any, x: Any) -> Any:
        return functions[0](x)

    def f(x: Any) -> Any:
        functions = []
        for _ in range(2):
            functions.append(lambda t: t * x)
        return first(functions, 2.0 * x)

    def g(x: Any) -> Any:
        return first([lambda t: t * x], 2.0 * x)

    refused(f, "not known|not supported|no derivative", 0.5)
    assert grad(g)(0.5) == 2.0
