"""Derivatives are called as their functions are, whatever form the signature has."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest

import srcdiff

TABLE = np.array([0.3, 0.9])


def total(x: Any, *ws: Any, scale: Any = 1.0) -> Any:
    s = 0.0
    for w in ws:
        s = s * x + w * scale
    return s


def every(x: Any, y: Any = 0.4, /, *rest: Any, k: Any = 2.0, **options: Any) -> Any:
    s = x * y * k
    for r in rest:
        s = s * x + r * y
    for _ in options:
        s = s * options["gain"]
    return s * total(x, *rest, scale=k)


def tabled(x: Any, table: Any = TABLE, weights: Any = [0.5, 2.0]) -> Any:  # noqa: B006
    return np.sum(table * x) * weights[1]


def calls_tabled(x: Any) -> Any:
    return tabled(x) * tabled(x, weights=(1.0, x))


def slope(f: Any, x: float, *args: Any, **named: Any) -> float:
    h = 1e-6
    return float((f(x + h, *args, **named) - f(x - h, *args, **named)) / (2.0 * h))


@pytest.mark.parametrize(
    ("args", "named"),
    [
        ((0.8,), {}),
        ((0.8, 0.3), {"k": 1.5}),
        ((0.8, 0.3, 2.0, 3.0), {"k": 1.5, "gain": 0.7}),
        ((0.8, 0.3, 2.0), {"gain": 0.7, "unused": "text"}),
    ],
)
def test_every_form(args: tuple[Any, ...], named: dict[str, Any]) -> None:
    d = srcdiff.grad(every)
    assert np.isclose(d(*args, **named), slope(every, *args, **named), rtol=1e-6)
    assert inspect.signature(d) == inspect.signature(every)
    assert "def every_grad(x, y=0.4, /, *rest, k=2.0, **options):" in d.source


def test_collected_arguments_are_not_differentiated() -> None:
    with pytest.raises(TypeError, match="collects arguments"):
        srcdiff.grad(every, argnums="rest")(0.8, 0.3, 2.0)


def test_defaults_that_are_no_literals() -> None:
    for f in (tabled, calls_tabled):
        assert np.isclose(srcdiff.grad(f)(0.8), slope(f, 0.8), rtol=1e-6)
    TABLE[0] = 0.6
    try:
        assert np.isclose(srcdiff.grad(calls_tabled)(0.8), slope(calls_tabled, 0.8), rtol=1e-6)
    finally:
        TABLE[0] = 0.3
