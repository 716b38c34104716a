"""The texts of forward mode and of higher derivatives, word for word, run by themselves.

SRCDIFF_UPDATE_GOLDEN=1 writes them anew.
"""

# The loops count time steps.
# ruff: noqa: B007

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from srcdiff import grad, jvp
from srcdiff.products import pushforward

FOLDER = Path(__file__).with_name("golden_modes")
UPDATE = os.environ.get("SRCDIFF_UPDATE_GOLDEN") == "1"


def iterate(x, n):
    y = x
    for t in range(n):
        y = np.sin(y) + x * y
    return y


def root(a):
    x = a / 3.0
    r = x**3 + x - a
    while abs(r) > 1e-12:
        x -= r / (3.0 * x**2 + 1.0)
        r = x**3 + x - a
    return x


def react(A, steps):
    for t in range(steps):
        for i in range(1, len(A) - 1):
            A[i] = A[i] * (1.0 - 0.1 * A[i]) + 0.05 * (A[i - 1] + A[i + 1])
    return np.sum(A**2)


def polar(x, y):
    r = np.sqrt(x * x + y * y)
    return r, np.arctan2(y, x)


def spiral(x, y):
    r, phi = polar(x, y)
    if r > 1.0:
        return r * phi
    return r - phi


def rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2
    return total


def power(x, n):
    y = 1.0
    for _ in range(n):
        y = y * x
    return y


def sum_of_powers(x):
    return power(x, 3) + power(2.0 * x, 2)


def slope_at_one(x):
    return x * grad(lambda y: x * y * y)(1.0)


def newton_step(x):
    f = lambda t: t**3 - 2.0  # noqa: E731
    return x - f(x) / grad(f)(x)


def speed(x, v):
    position, velocity = jvp(iterate, (x, 3), (v, None))
    return position * velocity


@dataclass(frozen=True)
class Pinned:
    """A text: how it is asked for, the derivative, and the same number by differences."""

    text: Callable[[], str]
    got: Callable[[], Any]
    value: Callable[[Any], Any]
    at: Any


def along(f: Callable[[Any], Any], x: Any, h: float = 1e-5) -> Any:
    """The derivative of `f` along ones, by central differences."""
    above, below = f(x + h), f(x - h)
    return (np.asarray(above) - np.asarray(below)) / (2 * h)


def pushed(f: Any, x: Any, *rest: Any) -> Pinned:
    primals = (x, *rest)
    tangents = (np.ones_like(x) if isinstance(x, np.ndarray) else 1.0, *(None,) * len(rest))
    d = pushforward(f)
    return Pinned(
        lambda: d.source_for(primals, tangents),
        lambda: d(primals, tangents)[1],
        lambda t: f(np.array(t) if isinstance(t, np.ndarray) else t, *rest),
        x,
    )


def pulled(f: Any, x: Any, *rest: Any) -> Pinned:
    d = grad(f)
    return Pinned(
        lambda: d.source_for(x, *rest), lambda: np.sum(d(x, *rest)), lambda t: f(t, *rest), x
    )


A = np.linspace(0.2, 1.4, 5)
X = np.array([0.3, -0.7, 1.1])
PINNED = {
    "react_jvp": pushed(react, A, 2),
    "spiral_jvp": pushed(spiral, 0.8, 0.9),
    "rosenbrock_grad_jvp": pushed(grad(rosenbrock), X),
    "iterate_grad_jvp": pushed(grad(iterate), 0.7, 3),
    "iterate_grad_grad": pulled(grad(iterate), 0.7, 3),
    "root_grad_grad": pulled(grad(root), 2.0),
    "sum_of_powers_grad_grad": pulled(grad(sum_of_powers), 1.3),
    "slope_at_one_grad": pulled(slope_at_one, 0.6),
    "newton_step_grad": pulled(newton_step, 1.5),
    "speed_grad": pulled(speed, 0.7, 1.2),
}
each = pytest.mark.parametrize("name", PINNED)


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Docstrings name the primal's file as seen from the working directory."""
    monkeypatch.chdir(Path(__file__).parent.parent)


@each
def test_text(name: str) -> None:
    text = PINNED[name].text()
    path = FOLDER / f"{name}.py"
    if UPDATE:
        path.write_text(text)
    kept = path.read_text() if path.exists() else ""
    changes = difflib.unified_diff(
        kept.splitlines(), text.splitlines(), f"{path.name}", "generated", lineterm=""
    )
    assert text == kept, "the text changed:\n" + "\n".join(changes)


def test_every_file_is_of_a_text() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} == set(PINNED)


@each
def test_derivative(name: str) -> None:
    pinned = PINNED[name]
    want = np.sum(along(pinned.value, pinned.at)) if "jvp" not in name else None
    if want is None:
        want = along(pinned.value, pinned.at)
    np.testing.assert_allclose(pinned.got(), want, rtol=1e-6, atol=1e-7)


@each
def test_text_runs_alone(name: str) -> None:
    namespace: dict[str, Any] = {"__name__": "golden"}
    exec(compile((FOLDER / f"{name}.py").read_text(), name, "exec"), namespace)
    assert callable(namespace[name])
